using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>How much is in the outbox.</summary>
/// <param name="Waiting">Events that are to be published; beyond 100,000 they are not counted.</param>
/// <param name="OldestAge">For how long the oldest of them has waited, by the database's clock.</param>
/// <param name="SetAside">Events that cannot be published.</param>
internal readonly record struct OutboxCounts(long Waiting, TimeSpan OldestAge, long SetAside);

/// <summary>What <c>GET</c> answers.</summary>
/// <param name="Waiting">Events that are to be published.</param>
/// <param name="OldestSeconds">For how long the oldest of them has waited, in seconds.</param>
/// <param name="SetAside">How many cannot be published.</param>
/// <param name="Events">The oldest of those, after the number that was asked for.</param>
public sealed record OutboxContent(long Waiting, double OldestSeconds, long SetAside, IReadOnlyList<SetAsideEvent> Events);

/// <summary>An event that cannot be published, without its payload.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Topic">Where it was to be published.</param>
/// <param name="Type">What happened.</param>
/// <param name="Key">What it is about; later events of the same one wait behind it.</param>
/// <param name="Reason">Why it cannot be published.</param>
/// <param name="SetAsideAt">Since when, in UTC.</param>
public sealed record SetAsideEvent(long Id, string Topic, string Type, string? Key, string Reason, DateTimeOffset SetAsideAt);

/// <summary>What operators see of the outbox, and do with it.</summary>
internal sealed class OutboxStore(EventDatabase database, OutboxSignal signal)
{
    // Whoever looks often must not read ever more while the outbox fills; that it is this full says enough.
    private const int MostCounted = 100_000;

    /// <summary>Most events that are listed.</summary>
    public const int ListEvents = 100;

    public Task<OutboxCounts> CountAsync(CancellationToken cancellationToken) =>
        database.QueryAsync(
            async connection =>
            {
                var waiting = await CountAsync(connection, "IS NULL", cancellationToken).ConfigureAwait(false);
                var aside = await CountAsync(connection, "IS NOT NULL", cancellationToken).ConfigureAwait(false);
                var age = await connection.Command(
                    null, $"SELECT {database.Now} - added_at FROM event_outbox WHERE set_aside_at IS NULL ORDER BY id LIMIT 1")
                    .ReadNumberAsync(cancellationToken).ConfigureAwait(false);
                return new OutboxCounts(waiting, TimeSpan.FromMicroseconds(Math.Max(0, age ?? 0)), aside);
            },
            cancellationToken);

    private static async Task<long> CountAsync(DbConnection connection, string isSetAside, CancellationToken cancellationToken) =>
        await connection.Command(
            null, $"SELECT COUNT(*) FROM (SELECT 1 FROM event_outbox WHERE set_aside_at {isSetAside} LIMIT {MostCounted}) counted")
            .ReadNumberAsync(cancellationToken).ConfigureAwait(false) ?? 0;

    /// <summary>Lists what was set aside, the oldest first.</summary>
    /// <param name="after">Only those with a later number: the next page.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public Task<List<SetAsideEvent>> ListAsync(long after, CancellationToken cancellationToken) =>
        database.QueryAsync(
            connection => connection.Command(
                null,
                "SELECT id, topic, type, event_key, reason, set_aside_at FROM event_outbox WHERE set_aside_at IS NOT NULL AND id > @after ORDER BY id LIMIT @count",
                ("after", after),
                ("count", ListEvents)).ReadAsync(
                    row => new SetAsideEvent(
                        row.GetInt64(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3), row.IsDBNull(4) ? "" : row.GetString(4), SqlTime.Read(row.GetInt64(5))),
                    cancellationToken),
            cancellationToken);

    /// <summary>Lets an event be published again, and those that wait behind it.</summary>
    /// <returns>Whether it was set aside.</returns>
    public async Task<bool> ReplayAsync(long id, CancellationToken cancellationToken)
    {
        var changed = await database.QueryAsync(
            connection => connection.Command(
                null, "UPDATE event_outbox SET set_aside_at = NULL, reason = NULL WHERE id = @id AND set_aside_at IS NOT NULL", ("id", id)).ExecuteAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        signal.Wake();
        return changed == 1;
    }

    /// <summary>Deletes an event that was set aside; those that wait behind it go on.</summary>
    /// <returns>Whether it was set aside.</returns>
    public async Task<bool> DropAsync(long id, CancellationToken cancellationToken)
    {
        var changed = await database.QueryAsync(
            connection => connection.Command(null, "DELETE FROM event_outbox WHERE id = @id AND set_aside_at IS NOT NULL", ("id", id)).ExecuteAsync(cancellationToken),
            cancellationToken).ConfigureAwait(false);
        signal.Wake();
        return changed == 1;
    }
}
