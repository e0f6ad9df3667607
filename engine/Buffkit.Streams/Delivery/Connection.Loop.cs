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
        while (!TakeOrders(sink, idle, out var close, out var live))
        {
            idle = false;
            if (close is { } lastWord)
                sink.WriteClose(lastWord);
            else
                idle = live ? TakePending(sink) : await CatchUpAsync(sink, cancellationToken).ConfigureAwait(false);

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

    private bool TakeOrders(FrameSink sink, bool idle, out StreamClose? close, out bool live)
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
            if (!_live)
                ReturnToCursor();
            live = _live;
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
        sink.WriteHeartbeat(_cursor, stale);
    }

    /// <returns>Whether nothing is left to take.</returns>
    private bool TakePending(FrameSink sink)
    {
        Entries taken = default;
        while (sink.Buffered < _context.Options.MaxBatchBytes)
        {
            var count = TakeHandful(taken, _context.Options.MaxBatchBytes - sink.Buffered, out var isLast);
            for (var i = 0; i < count; i++)
                Pass(taken[i]!, sink);
            if (isLast)
                return true;
        }

        return false;
    }

    private void Pass(TailEntry entry, FrameSink sink)
    {
        _index = entry.Index;
        if (HasPassed(entry.Id))
            return;
        _cursor = entry.Id;
        Write(entry, sink);
    }

    private bool HasPassed(EventId id) => _cursor.HasPassed(id);

    private void Write(TailEntry entry, FrameSink sink)
    {
        sink.Write(entry.Frame(sink.Kind, _context.Encoder));
        _announced = _index;
        _unsent++;
    }

    private void WriteGap(Gap gap, FrameSink sink)
    {
        _context.WriteGap(gap, sink);
        _cursor = gap.Next.Previous;
    }

    private async ValueTask<bool> SendAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        var now = _context.Time.GetTimestamp();
        Volatile.Write(ref _lastWrite, now);
        var (events, bytes) = (_unsent, sink.Buffered);
        _unsent = 0;
        var isOpen = await WatchAsync(sink.FlushAsync(cancellationToken), now).ConfigureAwait(false);
        _context.Metrics.Sent(events, bytes);
        return isOpen;
    }

    /// <summary>Ends the sink in good order, watched as every other write is.</summary>
    public async ValueTask CompleteAsync(FrameSink sink) =>
        await WatchAsync(sink.CompleteAsync(), _context.Time.GetTimestamp()).ConfigureAwait(false);

    private async ValueTask<bool> WatchAsync(ValueTask<bool> write, long now)
    {
        if (write.IsCompleted)
            return await write.ConfigureAwait(false);

        Volatile.Write(ref _writeStarted, now);
        try
        {
            return await write.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writeStarted, 0);
        }
    }

    [InlineArray(Handful)]
    private struct Entries
    {
        private TailEntry? _first;
    }
}
