namespace Buffkit.Streams;

/// <summary>
/// What waits for a connection that is live. The dispatcher puts entries in, the connection's loop takes them out. When more waits
/// than a connection may hold, the queue closes and is emptied: all of it stands in the tail or the log, and the cursor leads there.
/// </summary>
internal sealed class PendingQueue(int maxBytes)
{
    // A queue that a burst has grown is given back when it is empty.
    private const int KeptCapacity = 64;

    private readonly Lock _gate = new();

    // References into the tail's shared entries: 8 bytes each.
    private readonly Queue<TailEntry> _entries = new();
    private long _bytes;
    private TailEntry? _first;
    private Overflow? _overflow;
    private long _lastOffered;
    private bool _isOpen;

    /// <summary>Whether entries are taken in: the connection is live.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary>Whether the connection is live and nothing waits.</summary>
    public bool IsOpenAndEmpty
    {
        get
        {
            lock (_gate)
                return _isOpen && _entries.Count == 0;
        }
    }

    /// <summary>What waits.</summary>
    public (int Events, long Bytes) Waiting
    {
        get
        {
            lock (_gate)
                return (_entries.Count, _bytes);
        }
    }

    /// <summary>Opens the queue if its connection has seen all of the tail.</summary>
    /// <remarks>
    /// Looked at under the lock: what is appended later is offered later, and what was offered earlier lies at or before the
    /// cursor. So there is no race between replay and live.
    /// </remarks>
    public bool TryOpen(EventTail tail, long seen)
    {
        lock (_gate)
        {
            if (tail.Head != seen)
                return false;
            _first = null;
            _overflow = null;
            Volatile.Write(ref _isOpen, true);
            return true;
        }
    }

    /// <summary>Offers an entry that the topic index matched; only the dispatcher calls it, in order.</summary>
    /// <returns>Whether the connection has to look: an entry waits, or too many do.</returns>
    public bool Offer(TailEntry entry)
    {
        lock (_gate)
        {
            // A connection that asked by several filters is offered a matching entry once for each.
            if (!_isOpen || entry.Index <= _lastOffered)
                return false;
            _lastOffered = entry.Index;
            if (_entries.Count == 0)
                _first = entry;
            _entries.Enqueue(entry);
            _bytes += entry.Size;
            if (_bytes > maxBytes && _entries.Count > 1)
                Close(entry.Index);
            return true;
        }
    }

    /// <summary>Takes the next entries out, under one lock.</summary>
    /// <param name="taken">Where they are put.</param>
    /// <param name="room">Bytes after which no more is taken.</param>
    /// <param name="isEmpty">Whether nothing is left.</param>
    /// <returns>How many were taken.</returns>
    public int Take(Span<TailEntry?> taken, int room, out bool isEmpty)
    {
        var count = 0;
        lock (_gate)
        {
            while (count < taken.Length && room > 0 && _entries.TryDequeue(out var entry))
            {
                taken[count++] = entry;
                _bytes -= entry.Size;
                room -= entry.Size;
            }

            isEmpty = _entries.Count == 0;
            if (!isEmpty)
                return count;
            if (count == 0)
                _first = null;
            if (_entries.Capacity > KeptCapacity)
                _entries.TrimExcess();
            return count;
        }
    }

    /// <summary>Says once that the queue has overflowed since it was opened.</summary>
    public Overflow? TakeOverflow()
    {
        lock (_gate)
        {
            var overflow = _overflow;
            _overflow = null;
            return overflow;
        }
    }

    // Short, whatever the policy: the dispatcher calls it, and all other connections wait for the dispatcher.
    private void Close(long at)
    {
        _overflow = new Overflow(_first!, at);
        _first = null;
        _entries.Clear();
        _entries.TrimExcess();
        _bytes = 0;
        Volatile.Write(ref _isOpen, false);
    }
}

/// <summary>More waited for a connection than it may hold.</summary>
/// <param name="First">The entry with which the waiting began: before it, nothing was for the connection that it has not got.</param>
/// <param name="At">Place in the tail of the entry that was too much.</param>
internal sealed record Overflow(TailEntry First, long At);
