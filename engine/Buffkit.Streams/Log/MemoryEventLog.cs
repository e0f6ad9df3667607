using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Buffkit.Streams;

/// <summary>The log of a server that runs alone: a ring in memory, one epoch per process unless it is given one.</summary>
internal sealed class MemoryEventLog : IEventLog
{
    private readonly Lock _gate = new();
    private readonly LogOptions _options;
    private readonly TimeProvider _time;
    private readonly StreamEvent?[] _ring;
    private readonly Epoch _epoch;

    // Sequences [_oldest, _latest] are held; _oldest == _latest + 1 where none is.
    private long _oldest = 1;
    private long _latest;
    private long _bytes;

    // Behind the oldest, while a noisy topic is evicted.
    private readonly ThinnedEvents _thinned = new();
    private readonly NoisyTopics _noisy;
    private int _untilLook;
    private readonly IdempotencyWindow _idempotency;
    private readonly ProducerNumbers _producers = new();
    private TaskCompletionSource _appended = NewSignal();
    private bool _isClosed;

    public MemoryEventLog(LogOptions options, TimeProvider time)
        : this(options, time, new EventId(Epoch.New(), 0))
    {
    }

    /// <summary>A log that goes on where another has ended.</summary>
    /// <param name="options">How much is retained.</param>
    /// <param name="time">The clock.</param>
    /// <param name="latest">The newest id that the other gave.</param>
    public MemoryEventLog(LogOptions options, TimeProvider time, EventId latest)
    {
        (_epoch, _latest, _oldest) = (latest.Epoch, latest.Sequence, latest.Sequence + 1);
        _options = options;
        _time = time;
        _idempotency = new IdempotencyWindow(options.IdempotencyLifetime, options.MaxIdempotencyKeys);
        _ring = new StreamEvent?[options.MaxEvents];
        _noisy = new NoisyTopics(options.TopicShare);
    }

    public LogState State
    {
        get
        {
            lock (_gate)
            {
                EvictByAge(_time.GetUtcNow());
                return CurrentState();
            }
        }
    }

    public bool IsAvailable => true;

    public ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<LogState?>(State);
    }

    public ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(State.Before(newest));
    }

    public ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EventIdRange ids;
        TaskCompletionSource appended;
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (request.Idempotency is { } repeated && _idempotency.Find(repeated, now) is { } answer)
                return ValueTask.FromResult(answer);
            if (request.Producer is { } sent && _producers.Find(sent) is { } known)
                return ValueTask.FromResult(known);

            ids = new EventIdRange(new EventId(_epoch, _latest + 1), request.Events.Count);
            foreach (var draft in request.Events)
                Add(new StreamEvent(new EventId(_epoch, _latest + 1), now, draft));
            EvictByAge(now);
            if (request.Idempotency is { } idempotency)
                _idempotency.Remember(idempotency, ids, now);
            if (request.Producer is { } producer)
                _producers.Remember(producer, ids);
            (appended, _appended) = (_appended, NewSignal());
        }

        appended.SetResult();
        return ValueTask.FromResult(new AppendResult(AppendStatus.Appended, ids));
    }

    /// <summary>Takes events that have their ids, the very next ones: a log that lies elsewhere too gave them.</summary>
    public void Take(IReadOnlyList<StreamEvent> events)
    {
        TaskCompletionSource appended;
        lock (_gate)
        {
            foreach (var e in events)
                Add(e);
            EvictByAge(_time.GetUtcNow());
            (appended, _appended) = (_appended, NewSignal());
        }

        appended.SetResult();
    }

    /// <summary>Lets whoever follows it come to an end, once they have read all: another log goes on.</summary>
    public void Close()
    {
        TaskCompletionSource appended;
        lock (_gate)
        {
            _isClosed = true;
            (appended, _appended) = (_appended, NewSignal());
        }

        appended.SetResult();
    }

    public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return ValueTask.FromResult(Read(after, maxEvents, maxBytes));
    }

    public ValueTask<ThinnedRead?> ReadThinnedAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            EvictByAge(_time.GetUtcNow());
            return ValueTask.FromResult(
                after.Epoch == _epoch && after.Sequence < _oldest - 1 ? _thinned.Read(after, CurrentState(), maxEvents, maxBytes) : null);
        }
    }

    public async IAsyncEnumerable<LogRead> FollowAsync(
        EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            LogRead read;
            bool isClosed;
            lock (_gate)
            {
                (more, isClosed) = (_appended.Task, _isClosed);
                read = Read(after, FollowPage, int.MaxValue);
            }

            if (read.Status is not LogReadStatus.Found)
            {
                after = read.State.Oldest.Previous;
                yield return read;
            }
            else if (read.Events.Count > 0)
            {
                after = read.Events[^1].Id;
                yield return read;
            }
            else if (isClosed)
            {
                yield break;
            }
            else
            {
                await more.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Large enough that the cost of a page vanishes, small enough that a page stays in the processor's cache.
    private const int FollowPage = 256;

    private LogRead Read(EventId after, int maxEvents, int maxBytes)
    {
        EvictByAge(_time.GetUtcNow());
        var state = CurrentState();
        if (after.Epoch != _epoch)
            return new LogRead(LogReadStatus.OtherEpoch, [], state);
        if (after.Sequence > _latest)
            return new LogRead(LogReadStatus.Unknown, [], state);
        if (after.Sequence < _oldest - 1)
            return new LogRead(LogReadStatus.Evicted, [], state);

        var page = new List<StreamEvent>((int)Math.Min(maxEvents, _latest - after.Sequence));
        for (var bytes = 0L; page.Count < page.Capacity && bytes < maxBytes; bytes += page[^1].Size)
            page.Add(At(after.Sequence + 1 + page.Count)!);
        return new LogRead(LogReadStatus.Found, page, state);
    }

    private void Add(StreamEvent added)
    {
        Debug.Assert(added.Id == new EventId(_epoch, _latest + 1), "Ids have no holes.");
        while (_latest >= _oldest
            && (_latest - _oldest + 1 + _thinned.Count >= _ring.Length || _bytes + _thinned.Bytes + added.Size > _options.MaxBytes))
        {
            MakeRoom();
        }

        _latest++;
        At(_latest) = added;
        _bytes += added.Size;
    }

    private void EvictByAge(DateTimeOffset now)
    {
        if (_options.MaxAge == TimeSpan.Zero)
            return;
        while (_thinned.Count > 0 && now - _thinned.OldestTime > _options.MaxAge)
            _thinned.DropOldest();
        while (_latest >= _oldest && now - At(_oldest)!.Time > _options.MaxAge)
        {
            EvictOldest();
            _thinned.Clear();
        }
    }

    // The oldest goes, unless it is another's and a noisy topic is behind it.
    private void MakeRoom()
    {
        if (_options.TopicShare is > 0 and < 1 && --_untilLook <= 0)
            LookForNoise();
        if (!_noisy.Any && _thinned.Count > 0)
        {
            _thinned.DropOldest();
            return;
        }

        var oldest = EvictOldest();
        if (!_noisy.Any)
            _thinned.Clear();
        else if (_noisy.Contains(oldest.Topic))
            _thinned.Lose(oldest);
        else
            _thinned.Keep(oldest);
    }

    // What is noisy changes little while a small part of the log is replaced.
    private void LookForNoise()
    {
        var last = _latest - _oldest;
        _untilLook = (int)(last / NoisyTopics.Samples);
        _noisy.Look(
            place => At(_oldest + (last * place / (NoisyTopics.Samples - 1)))!,
            ((double)(last + 1) / _ring.Length, (double)_bytes / _options.MaxBytes));
    }

    private StreamEvent EvictOldest()
    {
        ref var slot = ref At(_oldest);
        var oldest = slot!;
        _bytes -= oldest.Size;
        slot = null;
        _oldest++;
        return oldest;
    }

    private ref StreamEvent? At(long sequence) => ref _ring[sequence % _ring.Length];

    private LogState CurrentState() => new(new EventId(_epoch, _oldest), new EventId(_epoch, _latest));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
