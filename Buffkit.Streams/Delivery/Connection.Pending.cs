namespace Buffkit.Streams;

/// <content>What waits for a live connection, and what happens when it is too much.</content>
internal sealed partial class Connection
{
    // Guarded by _gate. References into the tail's shared entries: 8 bytes each, and MaxPendingBytes of events at most.
    private readonly Queue<TailEntry> _pending = new();
    private long _pendingBytes;
    private TailEntry? _firstPending;
    private bool _skipped;

    // Guarded by _gate. A connection that asked by several filters is offered a matching entry once for each.
    private long _lastOffered;

    /// <summary>Offers an entry that the topic index matched; only the dispatcher calls it, in order.</summary>
    /// <returns>Whether the connection slept; the caller then owns the one call of <see cref="Wake"/>.</returns>
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
            if (_pendingBytes > _context.Options.MaxPendingBytes && _pending.Count > 1)
                Overflow();
            return TakeWake();
        }
    }

    private void Overflow()
    {
        _context.Metrics.FellBehind(_context.Options.Policy);
        switch (_context.Options.Policy)
        {
            case DeliveryPolicy.Skip:
                while (_pending.Count > 1)
                    _pendingBytes -= _pending.Dequeue().Size;
                _skipped = true;
                break;
            case DeliveryPolicy.Conflate:
                Conflate();
                break;
            case DeliveryPolicy.Disconnect:
                _close ??= new StreamClose(CloseReason.Slow, _context.Options.DisconnectRetry);
                FallBehind();
                break;
            default:
                FallBehind();
                break;
        }
    }

    // What waits is let go: it stands in the tail or the log, and the cursor leads there.
    private void FallBehind()
    {
        _live = false;
        _pending.Clear();
        _pending.TrimExcess();
        _pendingBytes = 0;
    }

    private void Conflate()
    {
        var newest = new Dictionary<(Topic, string), TailEntry>();
        foreach (var entry in _pending)
        {
            if (entry.Event is { Key: { } key } e)
                newest[(e.Topic, key)] = entry;
        }

        for (var left = _pending.Count; left > 0; left--)
        {
            var entry = _pending.Dequeue();
            if (entry.Event is { Key: { } key } e && newest[(e.Topic, key)] != entry)
                _pendingBytes -= entry.Size;
            else
                _pending.Enqueue(entry);
        }

        // Too little was gained to go on like this: each further event would walk the whole queue again.
        if (_pendingBytes > _context.Options.MaxPendingBytes / 2)
            FallBehind();
    }
}
