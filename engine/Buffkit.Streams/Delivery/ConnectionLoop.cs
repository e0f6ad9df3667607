using System.Runtime.CompilerServices;

namespace Buffkit.Streams;

/// <summary>
/// Delivers to one connection: takes what is next, writes it, sends it, sleeps when there is nothing. Live, it takes what the
/// dispatcher put into the queue; before, and when too much waits, it moves the cursor through the tail and what lies behind.
/// </summary>
internal sealed class ConnectionLoop
{
    // Entries taken under one lock; more would hold up the dispatcher, fewer would take the lock too often.
    private const int EntriesPerLock = 32;

    // A rest between two pages: what timers can wait at least; and at most, since a page that took longer waited for its client or its database itself.
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(5);

    private readonly Connection _connection;
    private readonly DeliveryContext _context;
    private readonly FrameSink _sink;
    private readonly LogCursor _cursor;
    private readonly PendingQueue _pending;

    // While the connection is behind, because too much waited for it.
    private SlowClient? _slow;

    // The replay is over when the cursor comes to what was the tail's end at the beginning.
    private readonly long _replayEnd;
    private bool _isReplaying = true;
    private long _replayed;
    private EventId _replayedTo;

    private long _pageBegan;
    private TimeSpan _restOwed;

    // Where in the tail the client last learned an id.
    private long _toldAt;
    private int _unsent;

    // When the oldest event that is to be sent came into the log, in ticks; 0 where none is, or none that is live.
    private long _oldestUnsent;

    public ConnectionLoop(Connection connection, DeliveryContext context, FrameSink sink, LogCursor cursor, PendingQueue pending)
    {
        (_connection, _context, _sink, _cursor, _pending) = (connection, context, sink, cursor, pending);
        _replayedTo = cursor.Id;
        _replayEnd = context.Tail.Head;
    }

    /// <summary>Runs until the client, the server or a close request ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ended = cancellationToken.UnsafeRegister(static connection => ((Connection)connection!).End(), _connection);
        var (isIdle, sawEnding) = (false, false);
        while (true)
        {
            _connection.WakeUp.BeginLook();
            if (_connection.IsEnded)
                return;

            var (ending, leaves) = (_connection.Ending, _connection.IsLeaving);
            // A server that goes away first delivers what it took: with a log in memory, it is the last who can.
            var deliversFirst = ending is { Close.Reason: CloseReason.Drain } && !(isIdle && sawEnding) && _cursor.Index < ending.After;
            sawEnding = ending is not null;
            var ends = sawEnding && !deliversFirst;
            if (ends)
                WriteClose(ending!.Close);
            else
                isIdle = await TakeAsync(cancellationToken).ConfigureAwait(false);

            if (_sink.Buffered > 0 && !await SendAsync(cancellationToken).ConfigureAwait(false))
                return;
            // Who only waited for a while does not wait for a log that is away: the cursor has not moved, and is asked for again.
            if (ends || (leaves && (isIdle || _cursor.IsUnavailable)))
                return;
            if (isIdle && !deliversFirst)
                await _connection.WakeUp.SleepAsync().ConfigureAwait(false);
        }
    }

    /// <returns>Whether the connection is live and nothing is left to take.</returns>
    private ValueTask<bool> TakeAsync(CancellationToken cancellationToken)
    {
        if (_connection.TakeHeartbeat())
            WriteHeartbeat();
        if (_pending.IsOpen)
            return ValueTask.FromResult(TakePending());
        if (_pending.TakeOverflow() is { } overflow)
        {
            _cursor.MoveBefore(overflow.First);
            _slow = new SlowClient(_connection, _context, overflow.At);
        }

        return CatchUpAsync(cancellationToken);
    }

    private bool TakePending()
    {
        Entries taken = default;
        while (_sink.Buffered < _context.Options.MaxBatchBytes)
        {
            var count = _pending.Take(taken, _context.Options.MaxBatchBytes - _sink.Buffered, out var isEmpty);
            for (var i = 0; i < count; i++)
            {
                if (_cursor.Pass(taken[i]!))
                    Write(taken[i]!);
            }

            if (isEmpty)
                return _pending.IsOpen;
        }

        return false;
    }

    private async ValueTask<bool> CatchUpAsync(CancellationToken cancellationToken)
    {
        while (_sink.Buffered < _context.Options.MaxBatchBytes)
        {
            var read = _cursor.Next(out var entry);
            if (read is CursorRead.Behind)
            {
                // Other requests are looked at between pages, and what was gathered is sent before a page is waited for.
                if (_sink.Buffered == 0)
                    await ReadPageAsync(cancellationToken).ConfigureAwait(false);
                return false;
            }

            if (_isReplaying)
                LookAfterReplay();
            switch (_cursor.IsInTail ? _slow?.Judge(_cursor.Index) : null)
            {
                case { IsClosed: true }:
                    _connection.RequestClose(new StreamClose(CloseReason.Slow, _context.Options.DisconnectRetry));
                    return false;
                case { SkipTo: { } newest }:
                    WriteGap(new Gap(_cursor.Id.ToString(), newest.Id, GapReason.Limit));
                    _cursor.MoveBefore(newest);
                    continue;
            }

            if (read is CursorRead.Found)
            {
                if (_cursor.Pass(entry) && IsFor(entry))
                    Write(entry);
            }
            else if (_pending.TryOpen(_context.Tail, _cursor.Index))
            {
                _slow = null;
                return true;
            }
        }

        return false;
    }

    private async ValueTask ReadPageAsync(CancellationToken cancellationToken)
    {
        await GiveWayAsync(cancellationToken).ConfigureAwait(false);
        var (gap, pause) = await _cursor.ReadPageAsync(_connection.Filters, cancellationToken).ConfigureAwait(false);
        if (gap is not null)
        {
            WriteGap(gap);
            _cursor.MoveBehind(gap);
            _replayedTo = _cursor.Id;
        }

        if (pause > TimeSpan.Zero)
            await Task.Delay(pause, _context.Time, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Rests as long as the last page took, so that whoever replays much has at most half of a processor, and live events the rest.</summary>
    private async ValueTask GiveWayAsync(CancellationToken cancellationToken)
    {
        if (_pageBegan != 0)
            _restOwed += _context.Time.GetElapsedTime(_pageBegan);
        if (_restOwed >= ShortestRest)
        {
            var rest = _restOwed < LongestRest ? _restOwed : LongestRest;
            _restOwed = TimeSpan.Zero;
            await Task.Delay(rest, _context.Time, cancellationToken).ConfigureAwait(false);
        }

        _pageBegan = _context.Time.GetTimestamp();
    }

    private bool IsFor(TailEntry entry) =>
        entry.Event is not { } e || (_connection.Matches(e.Topic) && _slow?.IsSuperseded(entry) is not true);

    private void Write(TailEntry entry)
    {
        _sink.Write(_context.Encoder.Frame(entry, _sink.Kind));
        _toldAt = _cursor.Index;
        _unsent++;
        if (!_isReplaying)
        {
            if (_oldestUnsent == 0 && entry.Event is { } e)
                _oldestUnsent = e.Time.UtcTicks;
            return;
        }

        _replayedTo = entry.Id;
        if (entry.Event is not null)
            _replayed++;
    }

    private void WriteGap(Gap gap) => _context.WriteGap(gap, _sink);

    private void LookAfterReplay()
    {
        if (!_cursor.IsInTail)
            return;
        if (_toldAt == 0)
            _toldAt = _cursor.Index;
        if (_cursor.Index < _replayEnd)
            return;
        _isReplaying = false;
        _sink.WriteLive(new StreamLive(_replayed, _replayedTo));
    }

    private void WriteClose(StreamClose close)
    {
        if (_isReplaying)
            LookAfterReplay();
        _sink.WriteClose(close);
    }

    // A client on a quiet topic would come back with an id that the log has long forgotten, and be told of a gap in which
    // nothing was for it. Long before that, a heartbeat moves its last id along.
    private void WriteHeartbeat()
    {
        _connection.Writes.Begin();
        _connection.MoveAlong();
        var isStale = _cursor.Index - _toldAt >= _context.Tail.Capacity / 4;
        if (isStale)
            _toldAt = _cursor.Index;
        _sink.WriteHeartbeat(_cursor.Id, isStale);
    }

    private async ValueTask<bool> SendAsync(CancellationToken cancellationToken)
    {
        _connection.Writes.Begin();
        var (events, bytes) = (_unsent, _sink.Buffered);
        var oldest = _oldestUnsent;
        (_unsent, _oldestUnsent) = (0, 0);
        var isOpen = await _connection.Writes.WaitAsync(_sink.FlushAsync(cancellationToken)).ConfigureAwait(false);
        _context.Metrics.Sent(events, bytes);
        if (oldest != 0 && _context.Metrics.WantsLag)
            _context.Metrics.Lag(_context.Time.GetUtcNow().UtcTicks - oldest);
        return isOpen;
    }

    [InlineArray(EntriesPerLock)]
    private struct Entries
    {
        private TailEntry? _first;
    }
}
