namespace Buffkit.Streams;

/// <summary>What a cursor finds next.</summary>
internal enum CursorRead
{
    /// <summary>An entry.</summary>
    Found,

    /// <summary>The end of the tail.</summary>
    End,

    /// <summary>It stands behind the tail: <see cref="LogCursor.ReadPageAsync"/> reads on.</summary>
    Behind,
}

/// <summary>
/// Where a connection stands in the log, and how it goes on from there: entry by entry through the tail, where that reaches back far
/// enough, through pages of the log and the history where it does not. Not safe for several threads.
/// </summary>
internal sealed class LogCursor
{
    // The log is ahead of the tail, which is at most a moment behind.
    private static readonly TimeSpan TailPause = TimeSpan.FromMilliseconds(20);

    // A log that is away is asked again after this; its return is not noticed sooner by asking more often.
    private static readonly TimeSpan UnavailablePause = TimeSpan.FromMilliseconds(500);

    private readonly EventTail _tail;
    private readonly ReplayReader _replay;

    // The log has to answer for the cursor before the tail does: the tail would take one that was never issued for good.
    private bool _isUnconfirmed;
    private TailEntry[] _page = [];
    private int _next;
    private EventId? _pageEnd;

    public LogCursor(EventTail tail, ReplayReader replay, StartingPoint start)
    {
        (_tail, _replay) = (tail, replay);
        Id = start.Cursor;
        _isUnconfirmed = start.IsUnconfirmed;
        IsInTail = start.TailIndex is not null;
        Index = start.TailIndex ?? 0;
    }

    /// <summary>Everything up to here was passed.</summary>
    public EventId Id { get; private set; }

    /// <summary>The place in the tail of the last entry that was passed there; 0 before it was first found there.</summary>
    public long Index { get; private set; }

    /// <summary>Whether it goes on in the tail, at <see cref="Index"/>.</summary>
    public bool IsInTail { get; private set; }

    /// <summary>Finds the next entry, and leaves it to <see cref="Pass"/> to move behind it.</summary>
    public CursorRead Next(out TailEntry entry)
    {
        while (true)
        {
            if (_next < _page.Length)
            {
                entry = _page[_next++];
                return CursorRead.Found;
            }

            if (_pageEnd is { } end)
            {
                // What lies between was not for this connection, or it would have been told.
                (Id, _pageEnd) = (end, null);
            }

            if (!IsInTail && !FindInTail())
            {
                entry = null!;
                return CursorRead.Behind;
            }

            _page = [];
            switch (_tail.Read(Index + 1, out entry))
            {
                case TailRead.Found:
                    return CursorRead.Found;
                case TailRead.NotYet:
                    return CursorRead.End;
                default:
                    IsInTail = false;
                    break;
            }
        }
    }

    /// <summary>Moves behind an entry.</summary>
    /// <returns>Whether it was ahead: a cursor from another server may be ahead of this one's tail.</returns>
    public bool Pass(TailEntry entry)
    {
        // Only the tail gives an index.
        if (entry.Index > 0)
            Index = entry.Index;
        if (Id.HasPassed(entry.Id))
            return false;
        Id = entry.Id;
        return true;
    }

    /// <summary>Moves to the entry before one in the tail. Nothing that lies between was for the connection, or it was told.</summary>
    public void MoveBefore(TailEntry entry)
    {
        if (entry.Index <= Index + 1)
            return;
        Index = entry.Index - 1;
        if (!Id.HasPassed(entry.Before))
            Id = entry.Before;
    }

    /// <summary>Whether what follows could not be read when that was last tried.</summary>
    public bool IsUnavailable { get; private set; }

    /// <summary>Moves to the end of a gap.</summary>
    public void MoveBehind(Gap gap) => Id = gap.Next.Previous;

    /// <summary>Reads what follows, behind the tail.</summary>
    /// <param name="filters">Of the connection: only what it asked for can be lost to it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is lost, if something is; and how long to wait before going on.</returns>
    public async ValueTask<(Gap? Gap, TimeSpan Pause)> ReadPageAsync(IReadOnlyList<TopicFilter> filters, CancellationToken cancellationToken)
    {
        var page = await _replay.ReadAsync(Id, cancellationToken).ConfigureAwait(false);
        (_page, _next, _pageEnd) = (page.Entries, 0, null);
        IsUnavailable = page.Status is LogReadStatus.Unavailable;
        _isUnconfirmed &= IsUnavailable;
        switch (page.Status)
        {
            case LogReadStatus.Found when page.Thinned is { } thinned:
                if (thinned.IsWholeFor(filters))
                {
                    _pageEnd = thinned.Through;
                    return default;
                }

                _page = [];
                return (GapTo(page.State.Oldest, GapReason.Evicted), default);
            case LogReadStatus.Found:
                return page.Entries.Length > 0 && !Id.HasPassed(page.Entries[^1].Id) ? default : (null, TailPause);
            case LogReadStatus.Evicted:
                return (GapTo(page.State.Oldest, GapReason.Evicted), default);
            case LogReadStatus.OtherEpoch:
                return (GapTo(page.State.Oldest, GapReason.Epoch), default);
            case LogReadStatus.Unknown:
                return (GapTo(page.State.Latest.Next, GapReason.Unknown), default);
            default:
                return (null, UnavailablePause);
        }
    }

    private bool FindInTail()
    {
        if (_isUnconfirmed || _tail.Find(Id, out var index) is not TailRead.Found)
            return false;
        Index = index;
        return IsInTail = true;
    }

    private Gap GapTo(EventId next, GapReason reason) => new(Id.ToString(), next, reason);
}
