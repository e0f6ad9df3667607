using System.Runtime.CompilerServices;

namespace Buffkit.Streams;

/// <content>The delivery loop: take what is next, write it, send it, sleep when there is nothing.</content>
internal sealed partial class Connection
{
    // Entries taken under one lock; more would hold up the dispatcher, fewer would take the lock too often.
    private const int Handful = 32;

    private int _unsent;
    private bool _closeSeen;
    private long _announced;

    /// <summary>Delivers until the client, the server or a close request ends it.</summary>
    public async Task RunAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        using var ended = cancellationToken.UnsafeRegister(static connection => ((Connection)connection!).End(), this);
        var idle = false;
        while (!TakeOrders(sink, idle, out var close))
        {
            idle = false;
            if (close is { } lastWord)
                sink.WriteClose(lastWord);
            else
                idle = IsLive ? TakePending(sink) : await CatchUpAsync(sink, cancellationToken).ConfigureAwait(false);

            if (sink.Buffered > 0 && !await SendAsync(sink, cancellationToken).ConfigureAwait(false))
                return;
            if (close is not null)
                return;
            if (idle && !await WaitAsync().ConfigureAwait(false))
                return;
        }
    }

    /// <summary>Moves the cursor of a connection for which nothing waits to what the server has dispatched by now.</summary>
    /// <returns>Whether it moved.</returns>
    public bool PassWhatIsNotForIt()
    {
        // Read before the queue is looked at: whatever was for this connection up to there is in the queue or was taken.
        var dispatched = _context.Tail.Dispatched;
        lock (_gate)
        {
            if (!_live || _pending.Count > 0 || dispatched <= _index
                || _context.Tail.Read(dispatched, out var entry) is not TailRead.Found || HasPassed(entry.Id))
            {
                return false;
            }

            (_index, _cursor) = (dispatched, entry.Id);
            return true;
        }
    }

    private bool IsLive
    {
        get
        {
            lock (_gate)
                return _live;
        }
    }

    private bool TakeOrders(FrameSink sink, bool idle, out StreamClose? close)
    {
        bool heartbeat;
        lock (_gate)
        {
            // A server that goes away first delivers what it took: with a log in memory, it is the last who can.
            var takeFirst = _close is { Reason: CloseReason.Drain } && !(idle && _closeSeen) && _index < _closeAfter;
            close = takeFirst ? null : _close;
            _closeSeen = _close is not null;
            heartbeat = _heartbeatDue && _pending.Count == 0;
            _heartbeatDue = false;
            if (_ended)
                return true;
        }

        if (heartbeat && close is null)
        {
            Volatile.Write(ref _lastWrite, _context.Time.GetTimestamp());
            WriteHeartbeat(sink);
        }

        return false;
    }

    // A client on a quiet topic would come back with an id that the log has long forgotten, and be told of a gap in which
    // nothing was for it. Long before that, a heartbeat moves its last id along.
    private void WriteHeartbeat(FrameSink sink)
    {
        PassWhatIsNotForIt();
        var stale = _index - _announced >= _context.Tail.Capacity / 4;
        if (stale)
            _announced = _index;
        sink.WriteHeartbeat(stale ? _cursor : null);
    }

    /// <returns>Whether nothing is left to take.</returns>
    private bool TakePending(FrameSink sink)
    {
        Entries taken = default;
        while (sink.Buffered < _context.Options.MaxBatchBytes)
        {
            var count = 0;
            lock (_gate)
            {
                if (!_live)
                {
                    ReturnToCursor();
                    return false;
                }

                if (_skipped)
                    AnnounceSkipped(sink);
                var room = _context.Options.MaxBatchBytes - sink.Buffered;
                while (count < Handful && room > 0 && _pending.TryDequeue(out var entry))
                {
                    taken[count++] = entry;
                    _pendingBytes -= entry.Size;
                    room -= entry.Size;
                }

                if (count == 0)
                    _firstPending = null;
            }

            if (count == 0)
                return true;
            for (var i = 0; i < count; i++)
                Pass(taken[i], sink);
        }

        return false;
    }

    // While asleep the connection did not follow the tail: before the first entry that waited, nothing was for it.
    private void ReturnToCursor()
    {
        if (_firstPending is { } first && first.Index > _index + 1)
            (_index, _cursor) = (first.Index - 1, first.Before);
        _firstPending = null;
        _inTail = true;
    }

    private void AnnounceSkipped(FrameSink sink)
    {
        ReturnToCursor();
        _skipped = false;
        WriteGap(new Gap(_cursor.ToString(), _pending.Peek().Id, GapReason.Limit), sink);
    }

    private void Pass(TailEntry entry, FrameSink sink)
    {
        _index = entry.Index;
        if (HasPassed(entry.Id))
            return;
        _cursor = entry.Id;
        Write(entry, sink);
    }

    private bool HasPassed(EventId id) => IsAtOrBefore(id, _cursor);

    private static bool IsAtOrBefore(EventId id, EventId cursor) => id.Epoch == cursor.Epoch && id.Sequence <= cursor.Sequence;

    private void Write(TailEntry entry, FrameSink sink)
    {
        sink.Write(entry.Frame(sink.Kind, _context.Encoder));
        _announced = _index;
        _unsent++;
    }

    private void WriteGap(Gap gap, FrameSink sink)
    {
        _context.Metrics.Gap(gap.Reason);
        sink.Write(new TailEntry(gap).Frame(sink.Kind, _context.Encoder));
        _cursor = gap.Next.Previous;
    }

    private async ValueTask<bool> SendAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        var now = _context.Time.GetTimestamp();
        Volatile.Write(ref _lastWrite, now);
        _context.Metrics.Sent(_unsent, sink.Buffered);
        _unsent = 0;
        var flush = sink.FlushAsync(cancellationToken);
        if (flush.IsCompleted)
            return await flush.ConfigureAwait(false);

        Volatile.Write(ref _writeStarted, now);
        try
        {
            return await flush.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writeStarted, 0);
        }
    }

    [InlineArray(Handful)]
    private struct Entries
    {
        private TailEntry _first;
    }
}
