namespace Buffkit.Streams;

/// <summary>
/// A subscriber: a cursor over the log and the filters that pick from it. Live delivery, replay and catching up are one
/// thing, moving the cursor; the only difference is who finds the next event.
/// </summary>
/// <remarks>
/// <para><b>Catching up</b>, the connection reads the tail entry by entry (behind the tail, pages of the log) and picks
/// what its filters match. Every connection begins so.</para>
/// <para><b>Live</b>, it has seen all of the tail, and the dispatcher, which found it in the topic index, offers it each
/// matching entry. When too much waits it returns to catching up, and if that happens again its <see cref="DeliveryPolicy"/>
/// decides.</para>
/// <para>The step from catching up to live happens under the lock with the tail's head equal to the cursor: what is
/// appended later is offered later, and what was offered earlier lies at or before the cursor. So there is no race between
/// replay and live.</para>
/// </remarks>
internal sealed partial class Connection
{
    private readonly Lock _gate = new();
    private readonly DeliveryContext _context;
    private readonly TopicFilter[] _filters;

    // Guarded by _gate.
    private bool _live;
    private bool _heartbeatDue;
    private bool _ended;
    private bool _leaveWhenIdle;
    private StreamClose? _close;
    private long _closeAfter;

    // The delivery loop's own: it has passed everything up to here.
    private EventId _cursor;
    private long _index;

    // Written by the loop, read by the watchdog.
    private long _lastWrite;
    private long _writeStarted;

    /// <param name="context">What all connections share.</param>
    /// <param name="filters">What it asks for.</param>
    /// <param name="cursor">Where it begins.</param>
    public Connection(DeliveryContext context, IReadOnlyCollection<TopicFilter> filters, EventId cursor)
    {
        _context = context;
        _filters = [.. filters.Distinct()];
        _cursor = cursor;
        Began = context.Time.GetTimestamp();
        _lastWrite = Began;
    }

    public IReadOnlyList<TopicFilter> Filters => _filters;

    /// <summary>What the topic index knows of this connection; set while it is registered.</summary>
    public TopicIndex<Connection>.Registration[] Registrations { get; set; } = [];

    /// <summary>Whose it is.</summary>
    public ConnectionCaller Caller { get; init; } = new();

    /// <inheritdoc cref="ConnectionCaller.Session"/>
    public SessionId Session => Caller.Session;

    /// <summary>The log has to answer for the cursor before the tail does: the tail would take one that was never issued for good.</summary>
    public bool IsUnconfirmed { get; set; }

    /// <summary>When it began, as a timestamp of the clock.</summary>
    public long Began { get; }

    /// <summary>The client did not take what was written: the connection was closed as slow, or cut.</summary>
    public bool IsSlow { get; private set; }

    /// <summary>Whether the server asked for the end.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
                return _close is not null;
        }
    }

    /// <summary>How the transport is cut; set by the transport.</summary>
    public Action? Abort { get; init; }

    /// <summary>When something was last sent, as a timestamp of the clock.</summary>
    public long LastWrite => Volatile.Read(ref _lastWrite);

    /// <summary>When the write that is under way began; 0 where none is.</summary>
    public long WriteStarted => Volatile.Read(ref _writeStarted);

    /// <summary>Where the connection stands; read it when its loop has ended.</summary>
    public EventId Cursor => _cursor;

    /// <summary>Whether it has seen all of the tail and is offered what comes; otherwise it catches up.</summary>
    public bool IsLive
    {
        get
        {
            lock (_gate)
                return _live;
        }
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

    /// <summary>Asks for a heartbeat, if nothing better is written meanwhile.</summary>
    public void RequestHeartbeat()
    {
        bool wake;
        lock (_gate)
        {
            _heartbeatDue = true;
            wake = TakeWake();
        }

        if (wake)
            Wake();
    }

    /// <summary>Asks the loop to say why it ends, and to end. The first word stands.</summary>
    public void RequestClose(StreamClose close)
    {
        bool wake;
        lock (_gate)
        {
            _close ??= close;
            IsSlow |= close.Reason is CloseReason.Slow;
            _closeAfter = _context.Tail.Head;
            wake = TakeWake();
        }

        if (wake)
            Wake();
    }

    /// <summary>Asks the loop to take what waits, and to end when nothing does.</summary>
    public void LeaveWhenIdle()
    {
        bool wake;
        lock (_gate)
        {
            _leaveWhenIdle = true;
            wake = TakeWake();
        }

        if (wake)
            Wake();
    }

    /// <summary>Cuts the transport, and with it a write that does not end.</summary>
    public void Cut()
    {
        IsSlow = true;
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

    /// <summary>Asks the loop to end without a word.</summary>
    public void End()
    {
        bool wake;
        lock (_gate)
        {
            _ended = true;
            wake = TakeWake();
        }

        if (wake)
            Wake();
    }
}
