using System.Numerics;

namespace Buffkit.Streams;

/// <summary>What came of a look into the tail.</summary>
internal enum TailRead
{
    /// <summary>Here it is.</summary>
    Found,

    /// <summary>The tail is not there yet.</summary>
    NotYet,

    /// <summary>The tail has gone past it: ask the log.</summary>
    Evicted,
}

/// <summary>
/// The newest part of the log, in memory: a ring that one feeder writes and every connection reads.
/// </summary>
/// <remarks>
/// Reads by index take no lock: an entry is immutable and carries its own index, so a reader who finds another entry in
/// the slot knows that its own was evicted. Only writing and looking up a cursor share a lock.
/// </remarks>
internal sealed class EventTail
{
    private readonly Lock _gate = new();
    private readonly TailEntry?[] _ring;
    private readonly long _mask;
    private readonly long _maxBytes;
    private long _head;
    private long _dispatched;
    private long _oldest = 1;
    private long _bytes;
    private EventId _floor;
    private EventId _latest;

    // The epochs of the ring's entries and of its floor, oldest first: nearly always one.
    private readonly List<Epoch> _epochs = [];
    private volatile bool _started;

    // Of those who wait for the next entry to be dispatched; nearly always nobody.
    private volatile TaskCompletionSource? _dispatching;

    public EventTail(TailOptions options)
    {
        _ring = new TailEntry?[BitOperations.RoundUpToPowerOf2((uint)options.Capacity)];
        _mask = _ring.Length - 1;
        _maxBytes = options.MaxBytes;
    }

    /// <summary>Whether it is known where in the log the tail begins; before, nobody can be served.</summary>
    public bool IsStarted => _started;

    /// <summary>Index of the newest entry; 0 before the first.</summary>
    public long Head => Volatile.Read(ref _head);

    /// <summary>Index up to which every entry was offered to all who asked for it; set by the feeder.</summary>
    public long Dispatched
    {
        get => Volatile.Read(ref _dispatched);
        set
        {
            // Whoever begins to wait after this sees the new value.
            Interlocked.Exchange(ref _dispatched, value);
            if (_dispatching is not null)
                Interlocked.Exchange(ref _dispatching, null)?.TrySetResult();
        }
    }

    public int Capacity => _ring.Length;

    /// <summary>Entries held and their bytes, for metrics.</summary>
    public (long Entries, long Bytes) Usage
    {
        get
        {
            lock (_gate)
                return (_head - _oldest + 1, _bytes);
        }
    }

    /// <summary>Sets where in the log the tail begins; only the feeder calls it, once.</summary>
    public void Start(EventId start)
    {
        lock (_gate)
        {
            _floor = _latest = start;
            _epochs.Add(start.Epoch);
            _started = true;
        }
    }

    /// <summary>Appends; only the feeder calls it.</summary>
    public void Append(TailEntry entry)
    {
        lock (_gate)
        {
            while (_head >= _oldest && (_head - _oldest + 1 >= _ring.Length || _bytes + entry.Size > _maxBytes))
                EvictOldest();
            if (_head < _oldest)
                _floor = _latest;
            if (_epochs[^1] != entry.Id.Epoch)
                _epochs.Add(entry.Id.Epoch);

            entry.Index = _head + 1;
            entry.Before = _latest;
            Volatile.Write(ref _ring[entry.Index & _mask], entry);
            _bytes += entry.Size;
            _latest = entry.Id;
            Volatile.Write(ref _head, entry.Index);
        }
    }

    /// <summary>Reads the entry at an index.</summary>
    public TailRead Read(long index, out TailEntry entry)
    {
        // The head first: an entry that is written after it was read is not there yet, not gone.
        var head = Head;
        entry = Volatile.Read(ref _ring[index & _mask])!;
        if (entry is not null && entry.Index == index)
            return TailRead.Found;
        return index > head ? TailRead.NotYet : TailRead.Evicted;
    }

    /// <summary>Whether everything up to a cursor of the present epoch has come in and was dispatched.</summary>
    public bool HasReached(EventId cursor)
    {
        lock (_gate)
            return _latest.HasPassed(cursor) && Dispatched == _head;
    }

    /// <summary>How many events of the present epoch have yet to come in, for metrics; 0 where the log was not reached yet.</summary>
    public long Lag(EventId latest)
    {
        lock (_gate)
            return _started && latest.Epoch == _latest.Epoch ? Math.Max(0, latest.Sequence - _latest.Sequence) : 0;
    }

    /// <summary>Waits until <see cref="HasReached"/>, or the time is over.</summary>
    public async ValueTask WaitForAsync(EventId cursor, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!HasReached(cursor) && patience - time.GetElapsedTime(began) is { Ticks: > 0 } left)
        {
            var next = NextDispatch();
            if (HasReached(cursor))
                return;
            try
            {
                await next.WaitAsync(left, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    /// <summary>Waits until an entry after an index was dispatched, or the time is over.</summary>
    public async ValueTask WaitForNextAsync(long index, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var next = NextDispatch();
        if (Dispatched > index)
            return;
        try
        {
            await next.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller looks what came.
        }
    }

    /// <summary>Finds the last entry that a cursor has passed.</summary>
    /// <param name="after">The cursor.</param>
    /// <param name="index">The index; reading goes on with the next. The head's where the cursor is ahead of the tail.</param>
    /// <returns><see cref="TailRead.Evicted"/> where the tail does not hold all that follows the cursor.</returns>
    public TailRead Find(EventId after, out long index)
    {
        lock (_gate)
        {
            index = 0;
            var epoch = _epochs.FindLastIndex(e => e == after.Epoch);
            if (epoch < 0)
                return TailRead.Evicted;
            if (epoch == _epochs.Count - 1 && after.Sequence >= _latest.Sequence)
            {
                index = _head;
                return TailRead.Found;
            }

            if (after == _floor)
            {
                index = _oldest - 1;
                return TailRead.Found;
            }

            return Search(after, epoch, out index);
        }
    }

    // Sequences are dense within an epoch but for marked gaps, so the distance to the newest nearly always points at it.
    private TailRead Search(EventId after, int epoch, out long index)
    {
        index = _head - (_latest.Sequence - after.Sequence);
        if (index >= _oldest && index <= _head && _ring[index & _mask]!.Id == after)
            return TailRead.Found;

        // The ring spans an epoch's end or a gap: a binary search for the last entry at or before the cursor.
        var (low, high) = (_oldest, _head);
        index = 0;
        while (low <= high)
        {
            var middle = low + ((high - low) >> 1);
            var id = _ring[middle & _mask]!.Id;
            var passed = id.Epoch == after.Epoch
                ? id.Sequence <= after.Sequence
                : _epochs.IndexOf(id.Epoch) < epoch;
            if (passed)
                (index, low) = (middle, middle + 1);
            else
                high = middle - 1;
        }

        return index > 0 && _ring[index & _mask]!.Id.Epoch == after.Epoch ? TailRead.Found : TailRead.Evicted;
    }

    private Task NextDispatch()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _dispatching, mine, null) ?? mine).Task;
    }

    private void EvictOldest()
    {
        ref var slot = ref _ring[_oldest & _mask];
        _bytes -= slot!.Size;
        _floor = slot.Id;
        while (_epochs[0] != _floor.Epoch)
            _epochs.RemoveAt(0);
        Volatile.Write(ref slot, null);
        _oldest++;
    }
}
