namespace Buffkit.Streams;

/// <summary>A place in the tail: an event with its frames, or a gap that every connection passes through.</summary>
internal sealed class TailEntry
{
    private readonly Lock _encoding = new();
    private Frame? _first;
    private FrameKind _firstKind;
    private Frame?[]? _others;

    public TailEntry(StreamEvent streamEvent)
    {
        Event = streamEvent;
        Id = streamEvent.Id;
        Size = streamEvent.Size;
    }

    public TailEntry(Gap gap)
    {
        Gap = gap;
        Id = gap.Next.Previous;
    }

    /// <summary>Place in this process's tail: counts up without holes and outlives epochs. Set when the tail takes it.</summary>
    public long Index { get; internal set; }

    /// <summary>The cursor of whoever has come up to this entry. Set when the tail takes it.</summary>
    public EventId Before { get; internal set; }

    /// <summary>The cursor of whoever has passed this entry.</summary>
    public EventId Id { get; }

    public StreamEvent? Event { get; }

    public Gap? Gap { get; }

    /// <inheritdoc cref="StreamEvent.Size"/>
    public int Size { get; }

    /// <summary>The entry on the wire: encoded by the first who asks, then shared.</summary>
    public Frame Frame(FrameKind kind, FrameEncoder encoder)
    {
        // Nearly all connections carry the same kind, so the first that is asked for has a field of its own.
        if (Volatile.Read(ref _first) is { } first && _firstKind == kind)
            return first;
        return (Volatile.Read(ref _others) is { } others ? Volatile.Read(ref others[kind.Index]) : null) ?? Encode(kind, encoder);
    }

    private Frame Encode(FrameKind kind, FrameEncoder encoder)
    {
        // Taken again by the same thread where a kind is made from another.
        lock (_encoding)
        {
            if (_first is { } first && _firstKind == kind)
                return first;
            if (_others?[kind.Index] is { } known)
                return known;

            var frame = encoder.Encode(this, kind);
            if (_first is null)
            {
                _firstKind = kind;
                Volatile.Write(ref _first, frame);
            }
            else
            {
                var others = _others ?? new Frame?[FrameKind.Count];
                Volatile.Write(ref others[kind.Index], frame);
                Volatile.Write(ref _others, others);
            }

            return frame;
        }
    }
}
