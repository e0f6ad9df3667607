using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>What the database holds of the log, and its newest part in memory. Only one thread writes.</summary>
internal sealed class SqlLogStore(EventDatabase database, LogOptions log, HistoryOptions history, TimeProvider time) : IDisposable
{
    private const int PageEvents = 1_000;

    private readonly TaskCompletionSource<MemoryEventLog> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IdempotencyWindow _requests = new(log.IdempotencyLifetime, log.MaxIdempotencyKeys);
    private ProducerNumbers _producers = new();
    private volatile MemoryEventLog? _memory;

    public DatabaseLease Lease { get; } = new(database, "log", history.Lease);

    /// <summary>The newest part; nothing before the log was opened.</summary>
    public MemoryEventLog? Memory => _memory;

    /// <summary>Waits until the log was opened.</summary>
    public Task<MemoryEventLog> OpenedAsync(CancellationToken cancellationToken) => _opened.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Reads what memory does not have: at the start the newest events, the keys of requests and the numbers of producers; later what
    /// a write left whose answer was lost.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (_memory is null)
            {
                var latest = await FindLatestAsync(connection, cancellationToken).ConfigureAwait(false);
                var oldest = await FindOldestAsync(connection, latest, cancellationToken).ConfigureAwait(false);
                var memory = new MemoryEventLog(log, time, latest with { Sequence = Math.Max(oldest - 1, latest.Sequence - log.MaxEvents) });
                await ReadNewAsync(connection, memory, cancellationToken).ConfigureAwait(false);
                await ReadRequestsAsync(connection, cancellationToken).ConfigureAwait(false);
                _memory = memory;
                _opened.TrySetResult(memory);
                return;
            }

            await ReadNewAsync(connection, _memory, cancellationToken).ConfigureAwait(false);
            if (_memory.State.Latest != await FindLatestAsync(connection, cancellationToken).ConfigureAwait(false))
                throw new IOException("Another server had the log for so long that what this one knows of it is no longer there. Restart this server.");
            await ReadRequestsAsync(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Finds what a request is to be answered that was taken before.</summary>
    public AppendResult? FindAnswer(AppendRequest request) =>
        request.Idempotency is { } repeated ? _requests.Find(repeated, time.GetUtcNow())
        : request.Producer is { } producer ? _producers.Find(producer)
        : null;

    /// <summary>Writes events with what tells their requests from repeated ones, all or none.</summary>
    /// <returns>False where another server has the log now.</returns>
    public Task<bool> WriteAsync(SqlLogBatch batch, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await Lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                await database.InsertAsync(connection, transaction, batch.Events, mayBeThere: false, cancellationToken).ConfigureAwait(false);
                foreach (var (request, ids) in batch.Requests)
                    await WriteRequestAsync(connection, transaction, request, ids, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken,
            history.Durability);

    /// <summary>Makes a batch known to readers, once it is written.</summary>
    public void Take(SqlLogBatch batch)
    {
        foreach (var (request, ids) in batch.Requests)
        {
            if (request.Idempotency is { } idempotency)
                _requests.Remember(idempotency, ids, batch.Time);
            if (request.Producer is { } producer)
                _producers.Remember(producer, ids);
        }

        _memory!.Take(batch.Events);
    }

    public void Dispose() => Lease.Dispose();

    private async Task<EventId> FindLatestAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (await EventRun.FindNewestAsync(connection, null, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            var begin = new EventId(Epoch.New(), 0);
            await database.InTransactionAsync(
                async (own, transaction) =>
                {
                    if (!await Lease.HoldAsync(own, transaction, cancellationToken).ConfigureAwait(false))
                        throw new TimeoutException("Another server has the log.");
                    await EventRun.BeginAsync(own, transaction, database, begin.Next, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            return begin;
        }

        return await run.FindEndsAsync(connection, null, cancellationToken).ConfigureAwait(false) is { } ends
            ? run.First with { Sequence = ends.Newest }
            : run.First.Previous;
    }

    private static async Task<long> FindOldestAsync(DbConnection connection, EventId latest, CancellationToken cancellationToken) =>
        await EventRun.FindOfAsync(connection, latest.Next, cancellationToken).ConfigureAwait(false) is { } run
        && await run.FindEndsAsync(connection, null, cancellationToken).ConfigureAwait(false) is { } ends
            ? ends.Oldest
            : latest.Sequence + 1;

    private static async Task ReadNewAsync(DbConnection connection, MemoryEventLog memory, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await SqlEventHistory.ReadPageAsync(connection, memory.State.Latest, PageEvents, int.MaxValue, cancellationToken).ConfigureAwait(false);
            if (page.Count > 0)
                memory.Take(page);
            if (page.Count < PageEvents)
                return;
        }
    }

    private async Task ReadRequestsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var requests = new IdempotencyWindow(log.IdempotencyLifetime, log.MaxIdempotencyKeys);
        var kept = await connection.Command(
            null,
            "SELECT request_key, fingerprint, epoch, first_sequence, event_count, expires_at FROM event_requests WHERE expires_at > @now ORDER BY expires_at",
            ("now", SqlTime.Write(time.GetUtcNow()))).ReadAsync(
                row => (Request: new Idempotency(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1)), Ids: Ids(row, 2), Expires: SqlTime.Read(row.GetInt64(5))),
                cancellationToken).ConfigureAwait(false);
        foreach (var (request, ids, expires) in kept)
            requests.Remember(request, ids, expires - log.IdempotencyLifetime);

        var producers = new ProducerNumbers();
        foreach (var (producer, ids) in await connection.Command(null, "SELECT producer, number, fingerprint, epoch, first_sequence, event_count FROM event_producers")
            .ReadAsync(
                row => (new ProducerSequence(row.GetString(0), row.GetInt64(1)) { Fingerprint = row.IsDBNull(2) ? null : row.GetString(2) }, Ids(row, 3)),
                cancellationToken).ConfigureAwait(false))
        {
            producers.Remember(producer, ids);
        }

        (_requests, _producers) = (requests, producers);
    }

    private static EventIdRange Ids(DbDataReader row, int column) =>
        Epoch.TryParse(row.GetString(column), out var epoch)
            ? new EventIdRange(new EventId(epoch, row.GetInt64(column + 1)), row.GetInt32(column + 2))
            : throw new FormatException($"A table of the log has an epoch '{row.GetString(column)}' that is none.");

    private Task<int> WriteRequestAsync(
        DbConnection connection, DbTransaction transaction, AppendRequest request, IReadOnlyList<EventId> ids, CancellationToken cancellationToken)
    {
        const string Request =
            "INSERT INTO event_requests (request_key, fingerprint, epoch, first_sequence, event_count, expires_at) VALUES (@key, @fingerprint, @epoch, @first, @count, @expires)";
        const string Producer =
            "INSERT INTO event_producers (producer, number, fingerprint, epoch, first_sequence, event_count) VALUES (@key, @number, @fingerprint, @epoch, @first, @count)";
        var command = request.Producer is { } producer
            ? connection.Command(
                transaction,
                database.Upsert(Producer, "producer", "number", "fingerprint", "epoch", "first_sequence", "event_count"),
                ("key", producer.Producer),
                ("number", producer.Number),
                ("fingerprint", producer.Fingerprint))
            : connection.Command(
                transaction,
                database.Upsert(Request, "request_key", "fingerprint", "epoch", "first_sequence", "event_count", "expires_at"),
                ("key", request.Idempotency!.Key),
                ("fingerprint", request.Idempotency.Fingerprint),
                ("expires", SqlTime.Write(time.GetUtcNow() + log.IdempotencyLifetime)));
        command.Add("epoch", ids[0].Epoch.ToString());
        command.Add("first", ids[0].Sequence);
        command.Add("count", ids.Count);
        return command.ExecuteAsync(cancellationToken);
    }
}

/// <summary>Requests that are written together.</summary>
/// <param name="Events">With the ids that follow each other.</param>
/// <param name="Requests">Those that may be repeated, with their ids.</param>
/// <param name="Time">When they were taken.</param>
internal sealed record SqlLogBatch(IReadOnlyList<StreamEvent> Events, IReadOnlyList<(AppendRequest Request, IReadOnlyList<EventId> Ids)> Requests, DateTimeOffset Time);
