namespace Buffkit.Streams;

/// <summary>
/// A subscriber: a cursor over the log and the filters that pick from it. Live delivery, replay and catching up are one
/// thing, moving the cursor; the only difference is who finds the next event.
/// </summary>
/// <remarks>
/// <para><b>Catching up</b>, the connection reads the tail entry by entry (behind the tail, pages of the log) and picks
/// what its filters match. Every connection begins so.</para>
/// <para><b>Live</b>, it has seen all of the tail, and the dispatcher, which found it in the topic index, offers it each
/// matching entry. When too much waits it is behind again and returns to catching up from its cursor.</para>
/// <para>The step from catching up to live happens under the lock with the tail's head equal to the cursor: what is
/// appended later is offered later, and what was offered earlier lies at or before the cursor. So there is no race between
/// replay and live.</para>
/// </remarks>
internal sealed partial class Connection
{
    private readonly Lock _gate = new();
    private readonly EventTail _tail;
    private readonly IEventLog _log;
    private readonly DeliveryOptions _options;
    private readonly StreamsMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TopicFilter[] _filters;

    // Guarded by _gate.
    private readonly Queue<TailEntry> _pending = new();
    private long _pendingBytes;
    private bool _live;
    private TailEntry? _firstPending;
    private bool _heartbeatDue;
    private bool _ended;
    private Close? _close;

    // The delivery loop's own.
    private EventId _cursor;
    private long _index;
    private bool _inTail;
    private IReadOnlyList<StreamEvent> _page = [];
    private int _pageNext;
    private int _unsent;

    // Written by the loop, read by the watchdog.
    private long _lastWrite;
    private long _writeStarted;

    public Connection(
        IReadOnlyCollection<TopicFilter> filters,
        EventId cursor,
        EventTail tail,
        IEventLog log,
        DeliveryOptions options,
        StreamsMetrics metrics,
        TimeProvider time)
    {
        _filters = [.. filters];
        _cursor = cursor;
        _tail = tail;
        _log = log;
        _options = options;
        _metrics = metrics;
        _time = time;
        _lastWrite = time.GetTimestamp();
    }

    public IReadOnlyList<TopicFilter> Filters => _filters;

    /// <summary>What the topic index knows of this connection; set while it is registered.</summary>
    public TopicIndex<Connection>.Registration[] Registrations { get; set; } = [];

    /// <summary>Cuts the transport under a write that does not end; set by the transport.</summary>
    public Action? Abort { get; init; }

    /// <summary>When something was last sent, as a timestamp of the clock.</summary>
    public long LastWrite => Volatile.Read(ref _lastWrite);

    /// <summary>When the write that is under way began; 0 where none is.</summary>
    public long WriteStarted => Volatile.Read(ref _writeStarted);

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
    /// <returns>Whether the connection slept; the caller then calls <see cref="Wake"/>, once.</returns>
    public bool Offer(TailEntry entry)
    {
        lock (_gate)
        {
            if (!_live || entry.Index <= _lastOffered)
                return false;
            _lastOffered = entry.Index;
            if (_pending.Count == 0)
                _firstPending = entry;
            _pending.Enqueue(entry);
            _pendingBytes += entry.Size;
            if (_pendingBytes > _options.MaxPendingBytes && _pending.Count > 1)
                FallBehind();
            return TakeWake();
        }
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

    /// <summary>Asks the loop to say why it ends, and to end.</summary>
    public void RequestClose(CloseReason reason, TimeSpan retry)
    {
        bool wake;
        lock (_gate)
        {
            _close ??= new Close(reason, retry);
            wake = TakeWake();
        }

        if (wake)
            Wake();
    }

    private void End()
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

    // What waits is let go: it stands in the tail or the log, and the cursor leads there.
    private void FallBehind()
    {
        _live = false;
        _pending.Clear();
        _pending.TrimExcess();
        _pendingBytes = 0;
    }

    private sealed record Close(CloseReason Reason, TimeSpan Retry);
}
