using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Streams.Sql;

/// <summary>A row that waits.</summary>
/// <param name="Id">Its number.</param>
/// <param name="OrderKey">Rows with the same one are published in their order; nothing where there is none.</param>
/// <param name="Draft">The event; nothing where the row is none.</param>
/// <param name="Problem">Why it cannot be published.</param>
internal sealed record OutboxRow(long Id, string? OrderKey, EventDraft? Draft, string? Problem);

/// <summary>Rows that are published together, under a number that the log takes once.</summary>
/// <param name="Number">Counts up.</param>
/// <param name="Rows">In their order.</param>
internal sealed record OutboxBatch(long Number, IReadOnlyList<OutboxRow> Rows);

/// <summary>The relay's statements.</summary>
/// <remarks>
/// A batch is settled in the database before it is published: when it is published again it is the same. What is in a row is checked
/// again, since anybody may write to the table.
/// </remarks>
internal sealed class OutboxTable(EventDatabase database, DatabaseLease lease, Func<EventDraft, bool, EventDraft> check, int batchEvents)
{
    // Held in memory, and one call of the log.
    private const long BatchBytes = 1024 * 1024;

    private const string Columns = "o.id, o.order_key, o.topic, o.type, o.event_key, o.content_type, o.cloud_event, o.trace_parent, o.data";

    // Behind a row that was set aside those of its key wait.
    private const string Waiting =
        "FROM event_outbox o WHERE o.set_aside_at IS NULL AND o.batch IS NULL AND (o.order_key IS NULL OR NOT EXISTS "
        + "(SELECT 1 FROM event_outbox held WHERE held.order_key = o.order_key AND held.set_aside_at IS NOT NULL)) ";

    /// <summary>Finds who this outbox is to the log; at the first time it is decided.</summary>
    public async Task<string?> FindProducerAsync(CancellationToken cancellationToken)
    {
        string? producer = null;
        var held = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                var known = await connection.Command(transaction, "SELECT producer FROM event_outbox_producer")
                    .ReadAsync(row => row.GetString(0), cancellationToken).ConfigureAwait(false);
                if (known is [var one, ..])
                {
                    producer = one;
                    return true;
                }

                producer = $"outbox-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
                await connection.Command(transaction, "INSERT INTO event_outbox_producer (producer, number) VALUES (@producer, 0)", ("producer", producer))
                    .ExecuteAsync(cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return held ? producer : null;
    }

    /// <summary>Finds the batch that was settled and not finished, by this server or another.</summary>
    public Task<OutboxBatch?> FindUnfinishedAsync(CancellationToken cancellationToken) =>
        database.QueryAsync(
            async connection =>
            {
                var number = await connection.Command(null, "SELECT MIN(batch) FROM event_outbox WHERE set_aside_at IS NULL AND batch IS NOT NULL")
                    .ReadNumberAsync(cancellationToken).ConfigureAwait(false);
                if (number is null)
                    return null;
                var rows = await connection.Command(null, $"SELECT {Columns} FROM event_outbox o WHERE o.set_aside_at IS NULL AND o.batch = @number ORDER BY o.id", ("number", number))
                    .ReadAsync(row => Read(row, isSettled: true), cancellationToken).ConfigureAwait(false);
                return new OutboxBatch(number.Value, rows);
            },
            cancellationToken);

    /// <summary>Whether there is anything to publish.</summary>
    public async Task<bool> IsAnyWaitingAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync(
            connection => connection.Command(null, $"SELECT 1 {Waiting}LIMIT 1").ReadNumberAsync(cancellationToken), cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Settles the next batch, and sets aside what cannot be published.</summary>
    /// <returns>Whether the lease is held; the batch, if there is one; and how many rows were set aside.</returns>
    public async Task<(bool Held, OutboxBatch? Batch, int SetAside)> SettleAsync(CancellationToken cancellationToken)
    {
        OutboxBatch? batch = null;
        var setAside = 0;
        var held = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                var size = 0L;
                var rows = await connection.Command(transaction, $"SELECT {Columns} {Waiting}ORDER BY o.id LIMIT @count", ("count", batchEvents))
                    .ReadAsync(row => Read(row, isSettled: false), cancellationToken, row => (size += row.Draft?.Data.Length ?? 0) < BatchBytes).ConfigureAwait(false);
                var stopped = new HashSet<string>();
                var good = new List<OutboxRow>();
                foreach (var row in rows)
                {
                    if (row.OrderKey is { } key && stopped.Contains(key))
                        continue;
                    if (row.Problem is { } problem)
                    {
                        await SetAsideAsync(connection, transaction, row, problem, cancellationToken).ConfigureAwait(false);
                        setAside++;
                        if (row.OrderKey is not null)
                            stopped.Add(row.OrderKey);
                        continue;
                    }

                    good.Add(row);
                }

                if (good.Count == 0)
                    return true;
                await connection.Command(transaction, "UPDATE event_outbox_producer SET number = number + 1").ExecuteAsync(cancellationToken).ConfigureAwait(false);
                var number = await connection.Command(transaction, "SELECT number FROM event_outbox_producer").ReadNumberAsync(cancellationToken).ConfigureAwait(false);
                await connection.Command(transaction, $"{database.UpdateByKey("event_outbox")} SET batch = @number WHERE id IN ({Ids(good)})", ("number", number))
                    .ExecuteAsync(cancellationToken).ConfigureAwait(false);
                batch = new OutboxBatch(number!.Value, good);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        return (held, held ? batch : null, held ? setAside : 0);
    }

    /// <summary>Removes a batch that the log holds.</summary>
    /// <returns>Whether the lease is held.</returns>
    public Task<bool> FinishAsync(OutboxBatch batch, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                await connection.Command(transaction, $"{database.DeleteByKey("event_outbox")} WHERE id IN ({Ids(batch.Rows)}) AND batch = @number", ("number", batch.Number))
                    .ExecuteAsync(cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>Takes a batch apart that the log refused because of its number, and goes on with later numbers.</summary>
    /// <returns>Whether the lease is held.</returns>
    public Task<bool> RenumberAsync(OutboxBatch batch, long newest, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                await connection.Command(transaction, "UPDATE event_outbox_producer SET number = @newest", ("newest", newest))
                    .ExecuteAsync(cancellationToken).ConfigureAwait(false);
                await TakeApartAsync(connection, transaction, batch, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>Sets a row aside that was settled already, and takes its batch apart.</summary>
    public Task<bool> SetAsideAsync(OutboxBatch batch, OutboxRow row, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await lease.HoldAsync(connection, transaction, cancellationToken).ConfigureAwait(false))
                    return false;
                await SetAsideAsync(connection, transaction, row, row.Problem!, cancellationToken).ConfigureAwait(false);
                await TakeApartAsync(connection, transaction, batch, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private Task<int> TakeApartAsync(DbConnection connection, DbTransaction transaction, OutboxBatch batch, CancellationToken cancellationToken) =>
        connection.Command(
            transaction,
            $"{database.UpdateByKey("event_outbox")} SET batch = NULL WHERE id IN ({Ids(batch.Rows)}) AND batch = @number",
            ("number", batch.Number)).ExecuteAsync(cancellationToken);

    private Task<int> SetAsideAsync(DbConnection connection, DbTransaction transaction, OutboxRow row, string problem, CancellationToken cancellationToken) =>
        connection.Command(
            transaction,
            $"UPDATE event_outbox SET set_aside_at = {database.Now}, batch = NULL, reason = @reason WHERE id = @id",
            ("reason", problem),
            ("id", row.Id)).ExecuteAsync(cancellationToken);

    // Numbers of ours: no text comes into the statement.
    private static string Ids(IReadOnlyList<OutboxRow> rows)
    {
        var ids = new StringBuilder();
        foreach (var row in rows)
            ids.Append(ids.Length == 0 ? "" : ",").Append(System.Globalization.CultureInfo.InvariantCulture, $"{row.Id}");
        return ids.ToString();
    }

    private OutboxRow Read(DbDataReader row, bool isSettled)
    {
        var (id, order) = (row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1));
        try
        {
            return new OutboxRow(id, order, check(EventRows.ReadDraft(row, 2), isSettled), null);
        }
        catch (Exception e) when (EventRows.IsNoEvent(e))
        {
            return new OutboxRow(id, order, null, e.Message);
        }
    }
}
