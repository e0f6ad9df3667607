using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>What the database holds of the log, and its newest part in memory. Only one thread writes.</summary>
/// <remarks>
/// While this server has the lease, memory is what counts: what the database has lost of it is written again. Where another had the
/// lease, the database is. Where neither can tell what clients have seen, a new epoch begins, and they are told of a gap.
/// </remarks>
internal sealed class SqlLogStore(EventDatabase database, LogOptions log, HistoryOptions history, HistoryHealth health, TimeProvider time) : IDisposable
{
    private const int PageEvents = 1_000;
    private const int PageBytes = 4 * 1024 * 1024;

    // What a run is marked with where no life of the database keeps what was accepted.
    private const string NoLife = "none";

    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IdempotencyWindow _requests = new(log.IdempotencyLifetime, log.MaxIdempotencyKeys);
    private ProducerNumbers _producers = new();
    private volatile MemoryEventLog? _memory;
    private long _term;
    private EventId _written;

    // The run has no event yet.
    private bool _isEmpty;

    public DatabaseLease Lease { get; } = new(database, "log", history.Lease);

    /// <summary>The newest part; nothing before the log was opened.</summary>
    public MemoryEventLog? Memory => _memory;

    /// <summary>Whether events are accepted that are not written yet.</summary>
    public bool IsBehind => Memory is { } memory && memory.State.Latest != _written;

    /// <summary>Waits until the log was opened. It may be opened again later; what was before comes to an end then.</summary>
    public async Task<MemoryEventLog> OpenedAsync(CancellationToken cancellationToken)
    {
        await _opened.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _memory!;
    }

    /// <summary>
    /// Brings memory and database together, right after the lease was taken or renewed: nothing that was written under it before can be
    /// committed any more.
    /// </summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var run = await EventRun.FindNewestAsync(connection, null, cancellationToken).ConfigureAwait(false);
            if (_memory is { } memory)
                await JoinAsync(connection, memory, run, cancellationToken).ConfigureAwait(false);
            else
                await OpenAsync(connection, run, cancellationToken).ConfigureAwait(false);
            _term = Lease.Term;
        }
    }

    /// <summary>Finds what a request is to be answered that was taken before.</summary>
    public AppendResult? FindAnswer(AppendRequest request) =>
        request.Idempotency is { } repeated ? _requests.Find(repeated, time.GetUtcNow())
        : request.Producer is { } producer ? _producers.Find(producer)
        : null;

    /// <summary>Writes events with what tells their requests from repeated ones, all or none.</summary>
    /// <returns>False where another server has the log now.</returns>
    public async Task<bool> WriteAsync(SqlLogBatch batch, CancellationToken cancellationToken)
    {
        var held = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await Lease.HoldAsync(connection, transaction, cancellationToken, $"{batch.Events[^1].Id}").ConfigureAwait(false))
                    return false;
                if (!_isEmpty && !await EventRun.HoldsAsync(connection, transaction, _written, cancellationToken).ConfigureAwait(false))
                    throw new IOException("The database no longer holds what it had confirmed: it lost its last moments. It gets them again from memory.");
                await database.InsertAsync(connection, transaction, batch.Events, mayBeThere: false, cancellationToken).ConfigureAwait(false);
                await WriteRequestsAsync(connection, transaction, batch, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken,
            history.Durability).ConfigureAwait(false);
        if (held)
            (_written, _isEmpty) = (batch.Events[^1].Id, false);
        return held;
    }

    /// <summary>Makes a batch known to readers.</summary>
    public void Take(SqlLogBatch batch)
    {
        foreach (var (request, ids) in batch.Requests)
        {
            if (request.Idempotency is { } idempotency)
                _requests.Remember(idempotency, ids, batch.Time);
            if (request.Producer is { } producer)
                _producers.Remember(producer, ids);
        }

        Memory!.Take(batch.Events);
    }

    /// <summary>Writes what is accepted and not written yet, and notes that nothing is lost.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (history.Durability is HistoryDurability.Disk || Memory is null)
            return;
        if (!await Lease.TryAcquireAsync(cancellationToken).ConfigureAwait(false))
            throw new TimeoutException("Another server has the log.");
        await LoadAsync(cancellationToken).ConfigureAwait(false);
        await UnderLeaseAsync(
            (connection, transaction) => EventRun.MarkNewestAsync(connection, transaction, null, cancellationToken), HistoryDurability.Disk, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells what is lost of what was accepted.</summary>
    public void GiveUp()
    {
        if (IsBehind)
            health.Lost(Memory!.State.Latest.Sequence - _written.Sequence);
    }

    public void Dispose() => Lease.Dispose();

    private async Task JoinAsync(DbConnection connection, MemoryEventLog memory, EventRun? run, CancellationToken cancellationToken)
    {
        var known = memory.State.Latest;
        if (run is null || !run.IsLog || run.First.Epoch != known.Epoch)
        {
            GiveUp();
            await OpenAsync(connection, run, cancellationToken).ConfigureAwait(false);
            return;
        }

        var latest = await FindLatestAsync(connection, run, cancellationToken).ConfigureAwait(false);
        if (latest.Sequence < known.Sequence)
        {
            // A term is counted up by whoever takes the lease, this server included.
            if (Lease.Term <= _term + 1)
                await WriteAgainAsync(memory, latest, cancellationToken).ConfigureAwait(false);
            else
                await OpenAsync(connection, null, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (latest.Sequence > known.Sequence)
        {
            // First the requests: if that fails, the events are looked for again.
            await ReadRequestsAsync(connection, cancellationToken).ConfigureAwait(false);
            await ReadNewAsync(connection, memory, cancellationToken).ConfigureAwait(false);
            if (memory.State.Latest != latest)
            {
                // Another server had the log for so long that what follows is no longer there.
                await OpenAsync(connection, run, cancellationToken).ConfigureAwait(false);
                return;
            }
        }

        (_written, _isEmpty) = (latest, latest == run.First.Previous);
    }

    // Goes on where the database ends, unless more was accepted than it may hold.
    private async Task OpenAsync(DbConnection connection, EventRun? run, CancellationToken cancellationToken)
    {
        var goesOn = run is { IsLog: true } && (run.UnsafeIn is null || run.UnsafeIn == database.Life);
        var latest = goesOn ? await FindLatestAsync(connection, run!, cancellationToken).ConfigureAwait(false) : default;
        // Whose newest rows were deleted by hand, or all, would give their ids again.
        goesOn = goesOn && !(EventId.TryParse(await Lease.FindPositionAsync(connection, cancellationToken).ConfigureAwait(false), out var position)
            && position.Epoch == latest.Epoch && position.Sequence > latest.Sequence);
        if (!goesOn)
            latest = new EventId(Epoch.New(), 0);
        var unsafeIn = UnsafeIn();
        if (!goesOn || run!.UnsafeIn != unsafeIn)
        {
            await UnderLeaseAsync(
                (own, transaction) => goesOn
                    ? EventRun.MarkNewestAsync(own, transaction, unsafeIn, cancellationToken)
                    : BeginRunAsync(own, transaction, latest.Next, cancellationToken),
                HistoryDurability.Disk,
                cancellationToken).ConfigureAwait(false);
            if (!goesOn && (run is not null || _memory is not null))
                health.NewEpoch(latest.Epoch);
        }

        var ends = goesOn ? await run!.FindEndsAsync(connection, null, cancellationToken).ConfigureAwait(false) : null;
        var oldest = ends?.Oldest ?? latest.Sequence + 1;
        var memory = new MemoryEventLog(log, time, latest with { Sequence = Math.Max(oldest - 1, latest.Sequence - log.MaxEvents) });
        await ReadNewAsync(connection, memory, cancellationToken).ConfigureAwait(false);
        if (memory.State.Latest != latest)
            // Rows are missing, or are no events. What is older is the history's, which says where it ends.
            memory = new MemoryEventLog(log, time, latest);
        await ReadRequestsAsync(connection, cancellationToken).ConfigureAwait(false);

        (_written, _isEmpty) = (latest, ends is null);
        var before = _memory;
        _memory = memory;
        _opened.TrySetResult();
        before?.Close();
    }

    // The database has lost commits that it had confirmed, or was not there when they were due.
    private async Task WriteAgainAsync(MemoryEventLog memory, EventId after, CancellationToken cancellationToken)
    {
        // What is not lost is written once more, which changes nothing.
        var requests = new SqlLogBatch([], [.. _requests.After(after), .. _producers.After(after)], time.GetUtcNow());
        while (true)
        {
            var read = await memory.ReadAsync(after, PageEvents, PageBytes, cancellationToken).ConfigureAwait(false);
            var next = read.State.Oldest;
            var isLast = read.Events.Count == 0 ? read.Status is LogReadStatus.Found : read.Events[^1].Id == read.State.Latest;
            if (read.Status is not LogReadStatus.Found)
                health.Lost(next.Sequence - after.Sequence - 1);
            await UnderLeaseAsync(
                async (connection, transaction) =>
                {
                    if (read.Status is not LogReadStatus.Found)
                        await BeginRunAsync(connection, transaction, next, cancellationToken).ConfigureAwait(false);
                    if (read.Events.Count > 0)
                        await database.InsertAsync(connection, transaction, read.Events, mayBeThere: true, cancellationToken).ConfigureAwait(false);
                    if (isLast)
                        await WriteRequestsAsync(connection, transaction, requests, cancellationToken).ConfigureAwait(false);
                },
                history.Durability,
                cancellationToken).ConfigureAwait(false);
            if (isLast)
            {
                (_written, _isEmpty) = (read.State.Latest, false);
                return;
            }

            after = read.Events.Count > 0 ? read.Events[^1].Id : next.Previous;
        }
    }

    private Task BeginRunAsync(DbConnection connection, DbTransaction transaction, EventId first, CancellationToken cancellationToken) =>
        EventRun.BeginAsync(connection, transaction, database, first, isLog: true, UnsafeIn(), cancellationToken);

    private string? UnsafeIn() => history.Durability switch
    {
        HistoryDurability.Disk => null,
        HistoryDurability.Process => database.Life ?? NoLife,
        _ => NoLife,
    };

    private async Task UnderLeaseAsync(Func<DbConnection, DbTransaction, Task> work, HistoryDurability durability, CancellationToken cancellationToken)
    {
        var held = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await Lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                await work(connection, transaction).ConfigureAwait(false);
                return true;
            },
            cancellationToken,
            durability).ConfigureAwait(false);
        if (!held)
            throw new TimeoutException("Another server has the log.");
    }

    private static async Task<EventId> FindLatestAsync(DbConnection connection, EventRun run, CancellationToken cancellationToken) =>
        await run.FindEndsAsync(connection, null, cancellationToken).ConfigureAwait(false) is { } ends
            ? run.First with { Sequence = ends.Newest }
            : run.First.Previous;

    private static async Task ReadNewAsync(DbConnection connection, MemoryEventLog memory, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await SqlEventHistory.ReadPageAsync(connection, memory.State.Latest, PageEvents, PageBytes, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
                return;
            memory.Take(page);
        }
    }

    private async Task ReadRequestsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var requests = new IdempotencyWindow(log.IdempotencyLifetime, log.MaxIdempotencyKeys);
        var kept = await connection.Command(
            null,
            "SELECT request_key, fingerprint, epoch, first_sequence, event_count, expires_at FROM event_requests WHERE expires_at > @now ORDER BY expires_at DESC LIMIT @most",
            ("now", SqlTime.Write(time.GetUtcNow())),
            ("most", log.MaxIdempotencyKeys)).ReadAsync(
                row => (Request: new Idempotency(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1)), Ids: Ids(row, 2), Expires: SqlTime.Read(row.GetInt64(5))),
                cancellationToken).ConfigureAwait(false);
        kept.Reverse();
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

    private async Task WriteRequestsAsync(DbConnection connection, DbTransaction transaction, SqlLogBatch batch, CancellationToken cancellationToken)
    {
        foreach (var (request, ids) in batch.Requests)
            await WriteRequestAsync(connection, transaction, request, ids, cancellationToken).ConfigureAwait(false);
    }

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
