using System.Runtime.CompilerServices;

namespace Buffkit.Streams;

/// <content>The delivery loop: take what is next, write it, send it, sleep when there is nothing.</content>
internal sealed partial class Connection
{
    // Entries taken under one lock; more would hold up the dispatcher, fewer would take the lock too often.
    private const int Handful = 32;

    /// <summary>Delivers until the client, the server or a close request ends it.</summary>
    public async Task RunAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        using var ended = cancellationToken.UnsafeRegister(static connection => ((Connection)connection!).End(), this);
        while (!TakeOrders(sink, out var close))
        {
            var idle = false;
            if (close is not null)
                sink.WriteClose(close.Reason, close.Retry);
            else
                idle = IsLive ? TakePending(sink) : await CatchUpAsync(sink, cancellationToken).ConfigureAwait(false);

            if (sink.Buffered > 0 && !await SendAsync(sink, cancellationToken).ConfigureAwait(false))
                return;
            if (close is not null)
                return;
            if (idle)
                await WaitAsync().ConfigureAwait(false);
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

    private bool TakeOrders(FrameSink sink, out Close? close)
    {
        bool heartbeat;
        lock (_gate)
        {
            close = _close;
            heartbeat = _heartbeatDue && _pending.Count == 0;
            _heartbeatDue = false;
            if (_ended)
                return true;
        }

        if (heartbeat && close is null)
            sink.WriteHeartbeat();
        return false;
    }

    /// <returns>Whether nothing is left to take.</returns>
    private bool TakePending(FrameSink sink)
    {
        Entries taken = default;
        while (sink.Buffered < _options.MaxBatchBytes)
        {
            var count = 0;
            lock (_gate)
            {
                if (!_live)
                {
                    ReturnToCursor();
                    return false;
                }

                var room = _options.MaxBatchBytes - sink.Buffered;
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

    private void Pass(TailEntry entry, FrameSink sink)
    {
        _index = entry.Index;
        if (HasPassed(entry.Id))
            return;
        _cursor = entry.Id;
        Write(entry, sink);
    }

    private void Write(TailEntry entry, FrameSink sink)
    {
        sink.Write(entry.Frame(sink.Form));
        _unsent++;
    }

    private bool HasPassed(EventId id) => id.Epoch == _cursor.Epoch && id.Sequence <= _cursor.Sequence;

    private async ValueTask<bool> SendAsync(FrameSink sink, CancellationToken cancellationToken)
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _lastWrite, now);
        _metrics.Sent(_unsent, sink.Buffered);
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
