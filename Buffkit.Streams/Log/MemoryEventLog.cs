using System.Runtime.CompilerServices;

namespace Buffkit.Streams;

/// <summary>The log of a server that runs alone: a ring in memory, one epoch per process.</summary>
internal sealed class MemoryEventLog : IEventLog
{
    private readonly Lock _gate = new();
    private readonly LogOptions _options;
    private readonly TimeProvider _time;
    private readonly StreamEvent?[] _ring;
    private readonly Epoch _epoch = Epoch.New();

    // Sequences [_oldest, _latest] are held; _oldest == _latest + 1 where none is.
    private long _oldest = 1;
    private long _latest;
    private long _bytes;
    private readonly IdempotencyWindow _idempotency;
    private TaskCompletionSource _appended = NewSignal();

    public MemoryEventLog(LogOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _idempotency = new IdempotencyWindow(options.IdempotencyLifetime, options.MaxIdempotencyKeys);
        _ring = new StreamEvent?[options.MaxEvents];
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

            ids = new EventIdRange(new EventId(_epoch, _latest + 1), request.Events.Count);
            foreach (var draft in request.Events)
                Add(draft, now);
            EvictByAge(now);
            if (request.Idempotency is { } idempotency)
                _idempotency.Remember(idempotency, ids, now);
            (appended, _appended) = (_appended, NewSignal());
        }

        appended.SetResult();
        return ValueTask.FromResult(new AppendResult(AppendStatus.Appended, ids));
    }

    public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
            return ValueTask.FromResult(Read(after, maxEvents, maxBytes));
    }

    public async IAsyncEnumerable<LogRead> FollowAsync(
        EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            LogRead read;
            lock (_gate)
            {
                more = _appended.Task;
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

    private void Add(EventDraft draft, DateTimeOffset now)
    {
        var added = new StreamEvent(new EventId(_epoch, _latest + 1), now, draft);
        while (_latest >= _oldest && (_latest - _oldest + 1 >= _ring.Length || _bytes + added.Size > _options.MaxBytes))
            EvictOldest();
        _latest++;
        At(_latest) = added;
        _bytes += added.Size;
    }

    private void EvictByAge(DateTimeOffset now)
    {
        if (_options.MaxAge == TimeSpan.Zero)
            return;
        while (_latest >= _oldest && now - At(_oldest)!.Time > _options.MaxAge)
            EvictOldest();
    }

    private void EvictOldest()
    {
        ref var slot = ref At(_oldest);
        _bytes -= slot!.Size;
        slot = null;
        _oldest++;
    }

    private ref StreamEvent? At(long sequence) => ref _ring[sequence % _ring.Length];

    private LogState CurrentState() => new(new EventId(_epoch, _oldest), new EventId(_epoch, _latest));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
