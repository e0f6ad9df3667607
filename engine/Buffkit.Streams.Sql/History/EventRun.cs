using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>Stretches of the history without a hole. All but the newest have ended.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="First">The id with which it begins.</param>
/// <param name="IsLog">Whether the ids are of this database; otherwise a log that servers share gave them.</param>
/// <param name="UnsafeIn">The life of the database (<see cref="EventDatabase.Life"/>) in which nothing is lost that was accepted; nothing where it is on the disk.</param>
internal sealed record EventRun(long Id, EventId First, bool IsLog, string? UnsafeIn)
{
    private const string Log = "log";
    private const string Copy = "copy";
    private const string Select = "SELECT id, epoch, first_sequence, origin, unsafe_in FROM event_runs ";

    /// <summary>Finds the newest.</summary>
    public static Task<EventRun?> FindNewestAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken) =>
        FindAsync(connection.Command(transaction, Select + "ORDER BY id DESC LIMIT 1"), cancellationToken);

    /// <summary>Finds the one that an event of an epoch belongs to.</summary>
    public static Task<EventRun?> FindOfAsync(
        DbConnection connection, EventId id, CancellationToken cancellationToken, DbTransaction? transaction = null) =>
        FindAsync(
            connection.Command(
                transaction,
                Select + "WHERE epoch = @epoch AND first_sequence <= @sequence ORDER BY first_sequence DESC LIMIT 1",
                ("epoch", id.Epoch.ToString()),
                ("sequence", id.Sequence)),
            cancellationToken);

    /// <summary>Begins one.</summary>
    public static async Task BeginAsync(
        DbConnection connection, DbTransaction transaction, EventDatabase database, EventId first, bool isLog, string? unsafeIn, CancellationToken cancellationToken)
    {
        // One that begins at the same event is there where its log was left and has come back: it is the newest again.
        await connection.Command(
            transaction,
            "DELETE FROM event_runs WHERE epoch = @epoch AND first_sequence = @first",
            ("epoch", first.Epoch.ToString()),
            ("first", first.Sequence)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        await connection.Command(
            transaction,
            $"INSERT INTO event_runs (epoch, first_sequence, began_at, origin, unsafe_in) VALUES (@epoch, @first, {database.Now}, @origin, @unsafe)",
            ("epoch", first.Epoch.ToString()),
            ("first", first.Sequence),
            ("origin", isLog ? Log : Copy),
            ("unsafe", unsafeIn)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes of the newest whether what is accepted may be lost.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="unsafeIn">As <see cref="UnsafeIn"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task MarkNewestAsync(DbConnection connection, DbTransaction transaction, string? unsafeIn, CancellationToken cancellationToken)
    {
        if (await FindNewestAsync(connection, transaction, cancellationToken).ConfigureAwait(false) is not { } newest)
            return;
        await connection.Command(transaction, "UPDATE event_runs SET unsafe_in = @unsafe WHERE id = @id", ("unsafe", unsafeIn), ("id", newest.Id))
            .ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether an event is held.</summary>
    public static async Task<bool> HoldsAsync(DbConnection connection, DbTransaction? transaction, EventId id, CancellationToken cancellationToken) =>
        await connection.Command(
            transaction,
            "SELECT 1 FROM event_history WHERE epoch = @epoch AND sequence = @sequence",
            ("epoch", id.Epoch.ToString()),
            ("sequence", id.Sequence)).ReadNumberAsync(cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Finds the newest sequence that is held of an epoch, in whichever run.</summary>
    /// <returns>0 where none is.</returns>
    public static async Task<long> FindNewestOfAsync(DbConnection connection, DbTransaction transaction, Epoch epoch, CancellationToken cancellationToken) =>
        await connection.Command(transaction, "SELECT MAX(sequence) FROM event_history WHERE epoch = @epoch", ("epoch", epoch.ToString()))
            .ReadNumberAsync(cancellationToken).ConfigureAwait(false) ?? 0;

    /// <summary>Finds the oldest and the newest event that are held of it, where it is the newest of its epoch.</summary>
    /// <returns>Nothing where none is.</returns>
    public async Task<(long Oldest, long Newest)?> FindEndsAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        const string Ends = "SELECT MIN(sequence), MAX(sequence) FROM event_history WHERE epoch = @epoch AND sequence >= @first";
        var ends = await connection.Command(transaction, Ends, ("epoch", First.Epoch.ToString()), ("first", First.Sequence))
            .ReadAsync(row => row.IsDBNull(0) ? default((long, long)?) : (row.GetInt64(0), row.GetInt64(1)), cancellationToken).ConfigureAwait(false);
        return ends[0];
    }

    private static async Task<EventRun?> FindAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var rows = await command.ReadAsync(
            row => Epoch.TryParse(row.GetString(1), out var epoch)
                ? new EventRun(row.GetInt64(0), new EventId(epoch, row.GetInt64(2)), row.GetString(3) == Log, row.IsDBNull(4) ? null : row.GetString(4))
                : throw new FormatException($"The table event_runs has an epoch '{row.GetString(1)}' that is none."),
            cancellationToken).ConfigureAwait(false);
        return rows is [var run] ? run : null;
    }
}
