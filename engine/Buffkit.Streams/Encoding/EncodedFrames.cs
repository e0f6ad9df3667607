namespace Buffkit.Streams;

/// <summary>
/// An entry's frames, one of each kind that was asked for. They are kept with the entry: encoded by the first who asks, then shared.
/// </summary>
internal sealed class EncodedFrames
{
    private readonly Lock _encoding = new();

    // Nearly all connections carry the same kind, so the first that is asked for has a field of its own.
    private Frame? _first;
    private FrameKind _firstKind;
    private Frame?[]? _others;

    public static EncodedFrames Of(TailEntry entry)
    {
        if (Volatile.Read(ref entry.Shared) is EncodedFrames known)
            return known;
        var made = new EncodedFrames();
        return (EncodedFrames?)Interlocked.CompareExchange(ref entry.Shared, made, null) ?? made;
    }

    /// <summary>The entry on the wire.</summary>
    public Frame Get(TailEntry entry, FrameKind kind, FrameEncoder encoder)
    {
        if (Volatile.Read(ref _first) is { } first && _firstKind == kind)
            return first;
        return (Volatile.Read(ref _others) is { } others ? Volatile.Read(ref others[kind.Index]) : null) ?? Encode(entry, kind, encoder);
    }

    private Frame Encode(TailEntry entry, FrameKind kind, FrameEncoder encoder)
    {
        // Taken again by the same thread where a kind is made from another.
        lock (_encoding)
        {
            if (_first is { } first && _firstKind == kind)
                return first;
            if (_others?[kind.Index] is { } known)
                return known;

            var frame = encoder.Encode(entry, kind);
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
