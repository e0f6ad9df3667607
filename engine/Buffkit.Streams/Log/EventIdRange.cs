using System.Collections;

namespace Buffkit.Streams;

/// <summary>Ids that follow each other: two numbers, however many there are.</summary>
internal sealed class EventIdRange(EventId first, int count) : IReadOnlyList<EventId>
{
    public int Count => count;

    public EventId this[int index] =>
        (uint)index < (uint)count ? first with { Sequence = first.Sequence + index } : throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<EventId> GetEnumerator()
    {
        for (var i = 0; i < count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
