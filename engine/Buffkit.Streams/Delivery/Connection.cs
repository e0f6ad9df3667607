namespace Buffkit.Streams;

/// <summary>
/// A subscriber: a cursor over the log and the filters that pick from it. Live delivery, replay and catching up are one
/// thing, moving the cursor; the only difference is who finds the next event.
/// </summary>
/// <remarks>
/// <para>This is what others see of it, and what they ask of it, from any thread. Each part owns its state: <see cref="LogCursor"/>
/// stands in the log, <see cref="PendingQueue"/> holds what waits, <see cref="Streams.WakeUp"/> wakes, <see cref="SlowClient"/> judges,
/// and <see cref="ConnectionLoop"/> delivers.</para>
/// <para><b>Catching up</b>, the loop reads the tail entry by entry (behind the tail, pages of the log) and picks what the filters
/// match. Every connection begins so. <b>Live</b>, it has seen all of the tail, and the dispatcher, which found the connection in the
/// topic index, offers it each matching entry.</para>
/// </remarks>
internal sealed class Connection
{
    private const int HeartbeatAsked = 1;
    private const int LeaveAsked = 2;
    private const int EndAsked = 4;

    private readonly DeliveryContext _context;
    private readonly TopicFilter[] _filters;
    private readonly LogCursor _cursor;
    private readonly PendingQueue _pending;
    private int _asked;
    private ConnectionEnding? _ending;
    private volatile bool _isSlow;

    /// <param name="context">What all connections share.</param>
    /// <param name="filters">What it asks for.</param>
    /// <param name="start">Where it begins.</param>
    public Connection(DeliveryContext context, IReadOnlyCollection<TopicFilter> filters, StartingPoint start)
    {
        _context = context;
        _filters = [.. filters.Distinct()];
        _cursor = new LogCursor(context.Tail, context.Replay, start);
        _pending = new PendingQueue(context.Options.MaxPendingBytes);
        Writes = new WriteWatch(context.Time);
        Began = Writes.Last;
    }

    public IReadOnlyList<TopicFilter> Filters => _filters;

    /// <summary>Whose it is.</summary>
    public ConnectionCaller Caller { get; init; } = new();

    /// <inheritdoc cref="ConnectionCaller.Session"/>
    public SessionId Session => Caller.Session;

    /// <summary>It is one poll, not a stream.</summary>
    public bool IsPoll { get; init; }

    /// <summary>How long it lasts; nothing for one that lasts as long as its client likes.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How the transport is cut; set by the transport.</summary>
    public Action? Abort { get; init; }

    /// <summary>When it began, as a timestamp of the clock.</summary>
    public long Began { get; }

    /// <summary>When it was written to.</summary>
    public WriteWatch Writes { get; }

    /// <summary>How its loop is woken.</summary>
    public WakeUp WakeUp { get; } = new();

    /// <summary>Where the connection stands; read it when its loop has ended.</summary>
    public EventId Cursor => _cursor.Id;

    /// <summary>Whether it has seen all of the tail and is offered what comes; otherwise it catches up.</summary>
    public bool IsLive => _pending.IsOpen;

    /// <summary>What waits for it, while it is live.</summary>
    public (int Events, long Bytes) Waiting => _pending.Waiting;

    /// <summary>The client did not take what was written: the connection was closed as slow, or cut.</summary>
    public bool IsSlow => _isSlow;

    /// <summary>Whether the server asked for the end.</summary>
    public bool IsClosed => Ending is not null;

    /// <summary>The last word that was asked for, and what comes before it.</summary>
    public ConnectionEnding? Ending => Volatile.Read(ref _ending);

    /// <summary>Whether the loop is to end without a word.</summary>
    public bool IsEnded => (Volatile.Read(ref _asked) & EndAsked) != 0;

    /// <summary>Whether the loop is to end when nothing waits.</summary>
    public bool IsLeaving => (Volatile.Read(ref _asked) & LeaveAsked) != 0;

    /// <summary>Delivers until the client, the server or a close request ends it. Once.</summary>
    public Task RunAsync(FrameSink sink, CancellationToken cancellationToken) =>
        new ConnectionLoop(this, _context, sink, _cursor, _pending).RunAsync(cancellationToken);

    /// <summary>Ends the sink in good order, watched as every other write is.</summary>
    public async ValueTask CompleteAsync(FrameSink sink)
    {
        Writes.Begin();
        await Writes.WaitAsync(sink.CompleteAsync()).ConfigureAwait(false);
    }

    public bool Matches(Topic topic)
    {
        foreach (var filter in _filters)
        {
            if (filter.Matches(topic))
                return true;
        }

        return false;
    }

    /// <summary>Offers an entry that the topic index matched; only the dispatcher calls it, in order.</summary>
    /// <returns>Whether the connection slept; the caller then owes one call of <see cref="Streams.WakeUp.Wake"/>.</returns>
    public bool Offer(TailEntry entry) => _pending.Offer(entry) && WakeUp.Signal();

    /// <summary>
    /// Moves the cursor of a connection for which nothing waits to what the server has dispatched by now. For the loop, and for
    /// whoever ran it when it has ended.
    /// </summary>
    public void MoveAlong()
    {
        // Read before the queue is looked at: whatever was for this connection up to there is in the queue or was taken.
        var dispatched = _context.Tail.Dispatched;
        if (_pending.IsOpenAndEmpty && dispatched > _cursor.Index && _context.Tail.Read(dispatched, out var entry) is TailRead.Found)
            _cursor.Pass(entry);
    }

    /// <summary>Asks for a heartbeat.</summary>
    public void RequestHeartbeat() => Ask(HeartbeatAsked);

    /// <summary>Whether a heartbeat was asked for since the last look; only the loop calls it.</summary>
    public bool TakeHeartbeat() =>
        (Volatile.Read(ref _asked) & HeartbeatAsked) != 0 && (Interlocked.And(ref _asked, ~HeartbeatAsked) & HeartbeatAsked) != 0;

    /// <summary>Asks the loop to say why it ends, and to end. The first word stands.</summary>
    public void RequestClose(StreamClose close)
    {
        if (close.Reason is CloseReason.Slow)
            _isSlow = true;
        if (Interlocked.CompareExchange(ref _ending, new ConnectionEnding(close, _context.Tail.Head), null) is null)
            Signal();
    }

    /// <summary>Asks the loop to take what waits, and to end when nothing does.</summary>
    public void LeaveWhenIdle() => Ask(LeaveAsked);

    /// <summary>Asks the loop to end without a word.</summary>
    public void End() => Ask(EndAsked);

    /// <summary>Cuts the transport, and with it a write that does not end.</summary>
    public void Cut()
    {
        _isSlow = true;
        try
        {
            Abort?.Invoke();
        }
        catch (ObjectDisposedException)
        {
            // The request ended by itself between the look and the cut.
        }

        End();
    }

    private void Ask(int what)
    {
        Interlocked.Or(ref _asked, what);
        Signal();
    }

    private void Signal()
    {
        if (WakeUp.Signal())
            WakeUp.Wake();
    }
}

/// <summary>How the server ends a connection.</summary>
/// <param name="Close">Its last word.</param>
/// <param name="After">The tail's end when that was asked for.</param>
internal sealed record ConnectionEnding(StreamClose Close, long After);
