namespace Buffkit.Streams;

/// <content>What waits for a live connection.</content>
internal sealed partial class Connection
{
    // A queue that a burst has grown is given back when it is empty.
    private const int KeptCapacity = 64;

    // Guarded by _gate. References into the tail's shared entries: 8 bytes each, and MaxPendingBytes of events at most.
    private readonly Queue<TailEntry> _pending = new();
    private long _pendingBytes;
    private TailEntry? _firstPending;
    private long _fellBehindAt;

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
                FallBehind(entry.Index);
            return TakeWake();
        }
    }

    // What waits is let go: it stands in the tail or the log, and the cursor leads there. Constant work, whatever the policy:
    // the dispatcher stands behind it with everybody else's events.
    private void FallBehind(long at)
    {
        _live = false;
        _fellBehindAt = at;
        _pending.Clear();
        _pending.TrimExcess();
        _pendingBytes = 0;
    }

    /// <summary>Takes a handful, under one lock.</summary>
    private int TakeHandful(Span<TailEntry?> taken, int room, out bool isLast)
    {
        var count = 0;
        lock (_gate)
        {
            while (count < taken.Length && room > 0 && _pending.TryDequeue(out var entry))
            {
                taken[count++] = entry;
                _pendingBytes -= entry.Size;
                room -= entry.Size;
            }

            isLast = _pending.Count == 0;
            if (!isLast)
                return count;
            // Behind, it is where the connection resumes.
            if (count == 0 && _live)
                _firstPending = null;
            if (_pending.Capacity > KeptCapacity)
                _pending.TrimExcess();
            return count;
        }
    }

    // Asleep, the connection did not follow the tail: before the first entry that waited, nothing was for it. Its cursor may
    // be ahead of that all the same, where pages of the log were ahead of the tail; it never moves back.
    private void ReturnToCursor()
    {
        if (_firstPending is { } first && first.Index > _index + 1)
        {
            _index = first.Index - 1;
            if (!HasPassed(first.Before))
                _cursor = first.Before;
        }

        _firstPending = null;
        if (_fellBehindAt > 0)
            (_judgeAt, _behindSince, _fellBehindAt) = (_fellBehindAt, _context.Time.GetTimestamp(), 0);
    }
}
