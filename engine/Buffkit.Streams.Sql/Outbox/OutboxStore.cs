namespace Buffkit.Streams.Sql;

/// <summary>How much is in the outbox.</summary>
/// <param name="Waiting">Events that are to be published.</param>
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
    /// <summary>Most events that are listed.</summary>
    public const int ListEvents = 100;

    public Task<OutboxCounts> CountAsync(CancellationToken cancellationToken) =>
        database.QueryAsync(
            async connection =>
            {
                var waiting = await connection.Command(
                    null, $"SELECT COUNT(*), COALESCE({database.Now} - MIN(added_at), 0) FROM event_outbox WHERE set_aside_at IS NULL")
                    .ReadAsync(row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken).ConfigureAwait(false);
                var aside = await connection.Command(null, "SELECT COUNT(*) FROM event_outbox WHERE set_aside_at IS NOT NULL")
                    .ReadNumberAsync(cancellationToken).ConfigureAwait(false);
                return new OutboxCounts(waiting[0].Item1, TimeSpan.FromMicroseconds(Math.Max(0, waiting[0].Item2)), aside ?? 0);
            },
            cancellationToken);

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
