namespace Buffkit.Streams;

/// <summary>A place in the tail: an event with its frames, or a gap that every connection passes through.</summary>
internal sealed class TailEntry
{
    private readonly byte[]?[] _frames = new byte[]?[WireForms.Count];
    private readonly Lock _encoding = new();

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
    public byte[] Frame(WireForm form) => Volatile.Read(ref _frames[(int)form]) ?? Encode(form);

    private byte[] Encode(WireForm form)
    {
        lock (_encoding)
        {
            ref var frame = ref _frames[(int)form];
            if (frame is null)
                Volatile.Write(ref frame, FrameEncoder.Encode(this, form));
            return frame!;
        }
    }
}
