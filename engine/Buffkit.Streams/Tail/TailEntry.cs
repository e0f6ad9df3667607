namespace Buffkit.Streams;

/// <summary>A place in the tail: an event, or a gap that every connection passes through.</summary>
internal sealed class TailEntry
{
    private object? _shared;

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

    /// <summary>
    /// What readers make of the entry once and share: kept as long as the entry, and never looked at here. To be read and set
    /// as what several threads use.
    /// </summary>
    public ref object? Shared => ref _shared;
}
