using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams.Sql;

/// <summary>
/// Writes what publishers send, all that waits in one transaction: so the disk is asked once for many of them. The one writer of
/// <see cref="SqlEventLog"/>.
/// </summary>
internal sealed class SqlLogWriter(
    IEventLog log, SqlLogStore store, SqlLogQueue queue, HistoryOptions options, HistoryHealth health, TimeProvider time)
    : IHostedLifecycleService, IDisposable
{
    private const string HeldByAnother =
        "Another server has the log in this database, so this one accepts no events yet. Servers that are to run beside each other need Redis (ConnectionStrings:redis).";

    private const int BatchEvents = 1_000;
    private const long BatchBytes = 4 * 1024 * 1024;

    // A host that stops waits for 30 seconds, of which others need some.
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<PendingAppend> _taken = [];
    private PendingAppend? _left;
    private Backoff _retries = DatabaseBackoff.Begin();
    private Task _running = Task.CompletedTask;

    /// <summary>Before every other service starts, since the first thing that they do is to ask the log where it stands.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (log is SqlEventLog)
            _running = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After every other service has stopped: until then they may publish.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // A host whose start failed is not stopped. The source is not disposed of: it holds nothing, and a host may dispose of its services
    // twice, or before it has stopped them.
    public void Dispose() => _stop.Cancel();

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        try
        {
            while (true)
                await TakeTurnAsync(stop).ConfigureAwait(false);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // The server stops. Drivers do not all say in the same way that they were told to end.
        }
        finally
        {
            AnswerAll(AppendResult.Unavailable);
            queue.Close();
            await CloseAsync().ConfigureAwait(false);
            using var patience = new CancellationTokenSource(options.Lease, time);
            await store.Lease.ReleaseAsync(patience.Token).ConfigureAwait(false);
        }
    }

    // What was accepted before it was written is written now, or it is said that it is lost.
    private async Task CloseAsync()
    {
        using var patience = new CancellationTokenSource(ClosePatience, time);
        while (store.Lease.IsHeld || store.IsBehind)
        {
            try
            {
                await store.CloseAsync(patience.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception e)
            {
                health.WriteFailed(e);
                if (patience.IsCancellationRequested)
                {
                    store.GiveUp();
                    return;
                }

                await Task.Delay(_retries.Next(), time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task TakeTurnAsync(CancellationToken stop)
    {
        try
        {
            if (!await store.Lease.TryAcquireAsync(stop).ConfigureAwait(false))
            {
                health.WriteIsHeldUp(HeldByAnother);
                await WaitAsync(store.Lease.RetryAfter, stop).ConfigureAwait(false);
                return;
            }

            // Whoever had the log before may have written.
            await store.LoadAsync(stop).ConfigureAwait(false);
            health.WriteSucceeded();
            _retries.Reset();
            health.IsWriter = true;
            while (await WriteNextAsync(stop).ConfigureAwait(false))
            {
            }
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            // Of any kind: on this server nobody else writes the log.
            health.WriteFailed(e);
            // Whether the events are there is not known: so it is said, and looked up before the next are written.
            await WaitAsync(_retries.Next(), stop).ConfigureAwait(false);
        }
        finally
        {
            health.IsWriter = false;
        }
    }

    // Nobody is kept waiting by a database that is away.
    private async Task WaitAsync(TimeSpan pause, CancellationToken stop)
    {
        AnswerAll(AppendResult.Unavailable);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var over = Task.Delay(pause, time, stop);
        while (!over.IsCompleted)
        {
            var next = queue.Reader.WaitToReadAsync(ended.Token).AsTask();
            if (await Task.WhenAny(next, over).ConfigureAwait(false) == over)
                break;
            while (queue.Reader.TryRead(out var append))
            {
                queue.Taken(append);
                append.Answer(AppendResult.Unavailable);
            }
        }

        // Or the queue would keep one that waits for each pause.
        await ended.CancelAsync().ConfigureAwait(false);
        await over.ConfigureAwait(false);
    }

    private async Task<bool> WriteNextAsync(CancellationToken stop)
    {
        if (!await IsThereWorkAsync(stop).ConfigureAwait(false))
            return await store.Lease.RenewAsync(stop).ConfigureAwait(false);

        var batch = Gather();
        if (batch.Events.Count == 0)
        {
            _taken.Clear();
            return true;
        }

        // Accepted at once, it cannot be taken back: what fails to be written now is written when the log is loaded again.
        var isRelaxed = options.Durability is HistoryDurability.Relaxed;
        if (isRelaxed)
        {
            Publish(batch);
            Answer(batch, isWritten: false);
        }

        if (!await store.WriteAsync(batch, stop).ConfigureAwait(false))
        {
            AnswerAll(AppendResult.Unavailable);
            return false;
        }

        if (!isRelaxed)
            Publish(batch);
        Answer(batch, isWritten: true);
        _taken.Clear();
        return true;
    }

    private async Task<bool> IsThereWorkAsync(CancellationToken stop)
    {
        if (_left is not null || queue.Reader.TryPeek(out _))
            return true;
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var work = queue.Reader.WaitToReadAsync(idle.Token).AsTask();
        var first = await Task.WhenAny(work, Task.Delay(store.Lease.RenewAfter, time, idle.Token)).ConfigureAwait(false);
        await idle.CancelAsync().ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        return first == work;
    }

    // What waits now, with its ids; a request whose answer hangs on one in the same batch is left for the next.
    private SqlLogBatch Gather()
    {
        var now = time.GetUtcNow();
        var next = store.Memory!.State.Latest.Next;
        var (events, requests, keys, bytes) = (new List<StreamEvent>(), new List<(AppendRequest, IReadOnlyList<EventId>)>(), new HashSet<string>(), 0L);
        while (events.Count < BatchEvents && bytes < BatchBytes && TryTake(out var append))
        {
            var request = append.Request;
            // Nobody waits for it any more.
            if (append.Result.IsCompleted)
                continue;
            if (store.FindAnswer(request) is { } answer)
            {
                append.Answer(answer);
                continue;
            }

            if ((request.Idempotency?.Key ?? request.Producer?.Producer) is { } key && !keys.Add(key))
            {
                _left = append;
                break;
            }

            var ids = new EventIdRange(next, request.Events.Count);
            foreach (var draft in request.Events)
            {
                events.Add(new StreamEvent(next, now, draft));
                next = next.Next;
            }

            if (request.Idempotency is not null || request.Producer is not null)
                requests.Add((request, ids));
            bytes += append.Bytes;
            _taken.Add(append);
        }

        return new SqlLogBatch(events, requests, now);
    }

    private bool TryTake(out PendingAppend append)
    {
        if (_left is { } left)
        {
            (append, _left) = (left, null);
            return true;
        }

        if (!queue.Reader.TryRead(out append!))
            return false;
        queue.Taken(append);
        return true;
    }

    // An outbox deletes what is accepted: it is answered when that is written, whatever else is answered before.
    private void Publish(SqlLogBatch batch)
    {
        store.Take(batch);
        health.Written += batch.Events.Count;
    }

    private void Answer(SqlLogBatch batch, bool isWritten)
    {
        var id = batch.Events[0].Id;
        foreach (var append in _taken)
        {
            if (isWritten || append.Request.Producer is null)
                append.Answer(new AppendResult(AppendStatus.Appended, new EventIdRange(id, append.Request.Events.Count)));
            id = id with { Sequence = id.Sequence + append.Request.Events.Count };
        }
    }

    private void AnswerAll(AppendResult result)
    {
        foreach (var append in _taken)
            append.Answer(result);
        _taken.Clear();
        _left?.Answer(result);
        _left = null;
    }
}
