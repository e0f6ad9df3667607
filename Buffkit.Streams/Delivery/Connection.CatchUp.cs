namespace Buffkit.Streams;

/// <content>Catching up: the tail where it reaches back far enough, pages of the log where it does not.</content>
internal sealed partial class Connection
{
    // A page is held while its events are written, so it is small; the log answers a page in well under a millisecond.
    private const int PageEvents = 128;

    // Counting reads what delivery then reads again; beyond this the number is not worth it.
    private const int MaxCounted = 10_000;

    // The log is ahead of the tail, which is at most a moment behind.
    private static readonly TimeSpan TailPause = TimeSpan.FromMilliseconds(20);

    // A log that is away is asked again after this; its return is not noticed sooner by asking more often.
    private static readonly TimeSpan UnavailablePause = TimeSpan.FromMilliseconds(500);

    /// <summary>Counts what waits for this connection now, before its loop runs.</summary>
    /// <returns><see langword="null"/> where that would mean reading more than <see cref="MaxCounted"/> events of the log.</returns>
    public async ValueTask<long?> CountWaitingAsync(CancellationToken cancellationToken)
    {
        var (cursor, count, counted) = (_cursor, 0L, 0);
        long index;
        while (_tail.Find(cursor, out index) is not TailRead.Found)
        {
            var read = await _log.ReadAsync(cursor, PageEvents, cancellationToken).ConfigureAwait(false);
            counted += read.Events.Count;
            if (read.Status is not LogReadStatus.Found || counted > MaxCounted)
                return null;
            if (read.Events.Count == 0)
                return count;
            cursor = read.Events[^1].Id;
            count += read.Events.Count(e => Matches(e.Topic));
        }

        var found = TailRead.Found;
        while ((found = _tail.Read(++index, out var entry)) is TailRead.Found)
        {
            if (entry.Event is { } e && !HasPassed(e.Id) && Matches(e.Topic))
                count++;
        }

        return found is TailRead.NotYet ? count : null;
    }

    /// <returns>Whether the connection is live and nothing is left to take.</returns>
    private async ValueTask<bool> CatchUpAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        while (sink.Buffered < _options.MaxBatchBytes)
        {
            if (_pageNext < _page.Count)
            {
                PassReplayed(_page[_pageNext++], sink);
                continue;
            }

            _inTail = _inTail || _tail.Find(_cursor, out _index) is TailRead.Found;
            if (!_inTail)
            {
                if (!await ReadPageAsync(sink, cancellationToken).ConfigureAwait(false))
                    return false;
                continue;
            }

            switch (_tail.Read(_index + 1, out var entry))
            {
                case TailRead.Found when entry.Event is null || Matches(entry.Event.Topic):
                    Pass(entry, sink);
                    break;
                case TailRead.Found:
                    _index = entry.Index;
                    if (!HasPassed(entry.Id))
                        _cursor = entry.Id;
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

    private bool TryGoLive()
    {
        lock (_gate)
        {
            if (_tail.Head != _index)
                return false;
            _firstPending = null;
            return _live = true;
        }
    }

    /// <returns><see langword="false"/> where the log is away; the loop then looks after its other duties first.</returns>
    private async ValueTask<bool> ReadPageAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        var read = await _log.ReadAsync(_cursor, PageEvents, cancellationToken).ConfigureAwait(false);
        (_page, _pageNext) = (read.Events, 0);
        switch (read.Status)
        {
            case LogReadStatus.Found when read.Events.Count > 0:
                return true;
            case LogReadStatus.Found:
                return await PauseAsync(TailPause, sink, cancellationToken).ConfigureAwait(false);
            case LogReadStatus.Evicted:
                SkipTo(read.State.Oldest, GapReason.Evicted, sink);
                return true;
            case LogReadStatus.OtherEpoch:
                SkipTo(read.State.Oldest, GapReason.Epoch, sink);
                return true;
            case LogReadStatus.Unknown:
                SkipTo(read.State.Latest.Next, GapReason.Unknown, sink);
                return true;
            default:
                return await PauseAsync(UnavailablePause, sink, cancellationToken).ConfigureAwait(false);
        }
    }

    // What is already gathered goes out before anything is waited for.
    private async ValueTask<bool> PauseAsync(TimeSpan pause, FrameSink sink, CancellationToken cancellationToken)
    {
        if (sink.Buffered == 0)
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private void PassReplayed(StreamEvent replayed, FrameSink sink)
    {
        if (HasPassed(replayed.Id))
            return;
        _cursor = replayed.Id;
        if (Matches(replayed.Topic))
            Write(new TailEntry(replayed), sink);
    }

    private void SkipTo(EventId next, GapReason reason, FrameSink sink)
    {
        var gap = new Gap(_cursor.ToString(), next, reason);
        _cursor = next.Previous;
        sink.Write(new TailEntry(gap).Frame(sink.Form));
    }
}
