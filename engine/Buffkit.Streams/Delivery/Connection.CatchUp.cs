namespace Buffkit.Streams;

/// <content>Catching up: the tail where it reaches back far enough, pages of the log and the history where it does not.</content>
internal sealed partial class Connection
{
    // Counting reads what delivery then reads again; beyond this the number is not worth it.
    private const int MaxCounted = 10_000;

    // The log is ahead of the tail, which is at most a moment behind.
    private static readonly TimeSpan TailPause = TimeSpan.FromMilliseconds(20);

    // A log that is away is asked again after this; its return is not noticed sooner by asking more often.
    private static readonly TimeSpan UnavailablePause = TimeSpan.FromMilliseconds(500);

    // A stream begins within this, however slow the log is to count.
    private static readonly TimeSpan CountPatience = TimeSpan.FromMilliseconds(250);

    // The delivery loop's own.
    private bool _inTail;
    private TailEntry[] _page = [];
    private int _pageNext;
    private EventId? _pageThrough;

    /// <summary>Looks at what waits for this connection now, before its loop runs.</summary>
    /// <returns>
    /// How many events, <see langword="null"/> where that would mean reading more than 10,000 events behind the tail, or waiting for
    /// them; and the newest of them that was found, or the cursor.
    /// </returns>
    public async ValueTask<(long? Count, EventId Newest)> LookAheadAsync(CancellationToken cancellationToken)
    {
        if (IsUnconfirmed)
            return (null, _cursor);
        using var patience = new CancellationTokenSource(CountPatience, _context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await LookAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, _cursor);
        }
    }

    private async ValueTask<(long? Count, EventId Newest)> LookAsync(CancellationToken cancellationToken)
    {
        var (cursor, newest, count, counted) = (_cursor, _cursor, 0L, 0);
        long index;
        while (_context.Tail.Find(cursor, out index) is not TailRead.Found)
        {
            var page = await _context.Replay.ReadAsync(cursor, cancellationToken).ConfigureAwait(false);
            counted += page.Entries.Length;
            if (page.Status is not LogReadStatus.Found || page.Thinned is not null || counted > MaxCounted)
                return (null, newest);
            if (page.Entries.Length == 0 || page.Entries[^1].Id == cursor)
                return (count, newest);
            foreach (var entry in page.Entries)
            {
                if (!cursor.HasPassed(entry.Id) && Matches(entry.Event!.Topic))
                    (count, newest) = (count + 1, entry.Id);
            }

            cursor = page.Entries[^1].Id;
        }

        TailRead found;
        while ((found = _context.Tail.Read(++index, out var entry)) is TailRead.Found)
        {
            if (entry.Event is { } e && !cursor.HasPassed(e.Id) && Matches(e.Topic))
                (count, newest) = (count + 1, entry.Id);
        }

        return (found is TailRead.NotYet ? count : null, newest);
    }

    /// <returns>Whether the connection is live and nothing is left to take.</returns>
    private async ValueTask<bool> CatchUpAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        while (sink.Buffered < _context.Options.MaxBatchBytes)
        {
            if (_pageNext < _page.Length)
            {
                PassReplayed(_page[_pageNext++], sink);
                continue;
            }

            if (_pageThrough is { } through)
            {
                // What lies between was not for this connection, or it would have been told.
                (_cursor, _pageThrough) = (through, null);
            }

            if (!_inTail && (IsUnconfirmed || !FindInTail()))
            {
                // Between pages the loop looks after its other duties, and what is gathered goes out before a page is waited for.
                if (sink.Buffered == 0)
                    await ReadPageAsync(sink, cancellationToken).ConfigureAwait(false);
                return false;
            }

            _page = [];
            if (IsToBeJudged && ApplyPolicy(sink))
                return false;
            switch (_context.Tail.Read(_index + 1, out var entry))
            {
                case TailRead.Found when entry.Event is null || (Matches(entry.Event.Topic) && !IsSuperseded(entry)):
                    Pass(entry, sink);
                    break;
                case TailRead.Found:
                    PassSilently(entry);
                    break;
                case TailRead.Evicted:
                    _inTail = false;
                    break;
                case TailRead.NotYet when TryGoLive():
                    return true;
            }
        }

        return false;
    }

    private bool FindInTail()
    {
        _inTail = _context.Tail.Find(_cursor, out var index) is TailRead.Found;
        if (_inTail)
            _index = index;
        if (_announced == 0)
            _announced = _index;
        return _inTail;
    }

    private bool TryGoLive()
    {
        lock (_gate)
        {
            if (_context.Tail.Head != _index)
                return false;
            _firstPending = null;
            ForgetPolicy();
            return _live = true;
        }
    }

    private async ValueTask ReadPageAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        var page = await _context.Replay.ReadAsync(_cursor, cancellationToken).ConfigureAwait(false);
        (_page, _pageNext, _pageThrough) = (page.Entries, 0, null);
        IsUnconfirmed &= page.Status is LogReadStatus.Unavailable;
        switch (page.Status)
        {
            case LogReadStatus.Found when page.Thinned is { } thinned && !thinned.IsWholeFor(_filters):
                _page = [];
                WriteGap(new Gap(_cursor.ToString(), page.State.Oldest, GapReason.Evicted), sink);
                break;
            case LogReadStatus.Found when page.Thinned is { } thinned:
                _pageThrough = thinned.Through;
                break;
            case LogReadStatus.Found when page.Entries.Length > 0 && !HasPassed(page.Entries[^1].Id):
                break;
            case LogReadStatus.Found:
                await Task.Delay(TailPause, _context.Time, cancellationToken).ConfigureAwait(false);
                break;
            case LogReadStatus.Evicted:
                WriteGap(new Gap(_cursor.ToString(), page.State.Oldest, GapReason.Evicted), sink);
                break;
            case LogReadStatus.OtherEpoch:
                WriteGap(new Gap(_cursor.ToString(), page.State.Oldest, GapReason.Epoch), sink);
                break;
            case LogReadStatus.Unknown:
                WriteGap(new Gap(_cursor.ToString(), page.State.Latest.Next, GapReason.Unknown), sink);
                break;
            default:
                await Task.Delay(UnavailablePause, _context.Time, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    private void PassSilently(TailEntry entry)
    {
        _index = entry.Index;
        if (!HasPassed(entry.Id))
            _cursor = entry.Id;
    }

    private void PassReplayed(TailEntry replayed, FrameSink sink)
    {
        if (HasPassed(replayed.Id))
            return;
        _cursor = replayed.Id;
        if (Matches(replayed.Event!.Topic))
            Write(replayed, sink);
    }
}
