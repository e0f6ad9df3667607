namespace Buffkit.Streams;

/// <summary>
/// What a memory log keeps behind its dense part while a noisy topic is evicted: the events of all others, and up to where those of
/// the noisy ones are lost. Not safe for several threads.
/// </summary>
internal sealed class ThinnedEvents
{
    // Three topics can take more than a quarter at once; what was noisy before is remembered up to this.
    private const int MaxLost = 64;

    private readonly List<StreamEvent> _events = [];
    private readonly Dictionary<string, long> _lost;
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _lostByRoot;
    private int _first;
    private long _floor = -1;

    public ThinnedEvents()
    {
        _lost = new Dictionary<string, long>(StringComparer.Ordinal);
        _lostByRoot = _lost.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public int Count => _events.Count - _first;

    public long Bytes { get; private set; }

    /// <summary>The time of the oldest event.</summary>
    public DateTimeOffset OldestTime => _events[_first].Time;

    /// <summary>Takes over an event that the dense part gives up.</summary>
    public void Keep(StreamEvent e)
    {
        BeginAt(e.Id.Sequence - 1);
        _events.Add(e);
        Bytes += e.Size;
    }

    /// <summary>Notes that an event of a noisy topic is gone.</summary>
    public void Lose(StreamEvent e)
    {
        BeginAt(e.Id.Sequence - 1);
        _lostByRoot[TopicRoot.Of(e.Topic)] = e.Id.Sequence;
        if (_lost.Count <= MaxLost)
            return;
        // Forgotten is lost for all: it lies further back than any other's.
        var furthest = _lost.MinBy(pair => pair.Value);
        _lost.Remove(furthest.Key);
        while (Count > 0 && _events[_first].Id.Sequence <= furthest.Value)
            DropOldest();
        _floor = Math.Max(_floor, furthest.Value);
    }

    /// <summary>Gives up the oldest event: what comes before the next is lost for all.</summary>
    public void DropOldest()
    {
        var oldest = _events[_first];
        _events[_first++] = null!;
        Bytes -= oldest.Size;
        _floor = Math.Max(_floor, oldest.Id.Sequence);
        if (_first <= _events.Count / 2)
            return;
        _events.RemoveRange(0, _first);
        _first = 0;
    }

    /// <summary>Gives up everything: what comes before the dense part is lost for all.</summary>
    public void Clear()
    {
        if (_floor < 0)
            return;
        _events.Clear();
        _lost.Clear();
        (_first, _floor, Bytes) = (0, -1, 0);
    }

    /// <summary>Reads what follows a cursor.</summary>
    /// <param name="after">The cursor.</param>
    /// <param name="state">Where the dense part lies.</param>
    /// <param name="maxEvents">Most events.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this size.</param>
    /// <returns><see langword="null"/> where this does not reach back to the cursor.</returns>
    public ThinnedRead? Read(EventId after, LogState state, int maxEvents, int maxBytes)
    {
        if (_floor < 0 || after.Sequence < _floor)
            return null;
        var at = FirstAfter(after.Sequence);
        var page = new List<StreamEvent>();
        for (var bytes = 0L; at < _events.Count && page.Count < maxEvents && bytes < maxBytes; bytes += page[^1].Size)
            page.Add(_events[at++]);
        return new ThinnedRead(
            page,
            at < _events.Count ? page[^1].Id : state.Oldest.Previous,
            [.. _lost.Where(lost => lost.Value > after.Sequence).Select(lost => TopicRoot.Topics(lost.Key))],
            state);
    }

    private void BeginAt(long floor) => _floor = _floor < 0 ? floor : _floor;

    private int FirstAfter(long sequence)
    {
        var (low, high) = (_first, _events.Count);
        while (low < high)
        {
            var middle = low + ((high - low) >> 1);
            if (_events[middle].Id.Sequence <= sequence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
