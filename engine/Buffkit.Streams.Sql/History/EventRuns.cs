using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>Stretches of the history without a hole. All but the newest have ended.</summary>
/// <param name="Id">Counts up.</param>
/// <param name="First">The id with which it begins.</param>
internal sealed record EventRun(long Id, EventId First)
{
    /// <summary>Finds the newest.</summary>
    public static Task<EventRun?> FindNewestAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken) =>
        FindAsync(connection.Command(transaction, Select + "ORDER BY id DESC LIMIT 1"), cancellationToken);

    /// <summary>Finds the one that an event of an epoch belongs to.</summary>
    public static Task<EventRun?> FindOfAsync(DbConnection connection, EventId id, CancellationToken cancellationToken) =>
        FindAsync(
            connection.Command(
                null,
                Select + "WHERE epoch = @epoch AND first_sequence <= @sequence ORDER BY first_sequence DESC LIMIT 1",
                ("epoch", id.Epoch.ToString()),
                ("sequence", id.Sequence)),
            cancellationToken);

    /// <summary>Begins one.</summary>
    public static Task BeginAsync(DbConnection connection, DbTransaction transaction, EventDatabase database, EventId first, CancellationToken cancellationToken) =>
        connection.Command(
            transaction,
            $"INSERT INTO event_runs (epoch, first_sequence, began_at) VALUES (@epoch, @first, {database.Now})",
            ("epoch", first.Epoch.ToString()),
            ("first", first.Sequence)).ExecuteAsync(cancellationToken);

    /// <summary>Finds the oldest and the newest event that are held of it.</summary>
    /// <returns>Nothing where none is.</returns>
    public async Task<(long Oldest, long Newest)?> FindEndsAsync(DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        const string Ends = "SELECT MIN(sequence), MAX(sequence) FROM event_history WHERE epoch = @epoch AND sequence >= @first";
        var ends = await connection.Command(transaction, Ends, ("epoch", First.Epoch.ToString()), ("first", First.Sequence))
            .ReadAsync(row => row.IsDBNull(0) ? default((long, long)?) : (row.GetInt64(0), row.GetInt64(1)), cancellationToken).ConfigureAwait(false);
        return ends[0];
    }

    private const string Select = "SELECT id, epoch, first_sequence FROM event_runs ";

    private static async Task<EventRun?> FindAsync(DbCommand command, CancellationToken cancellationToken)
    {
        var rows = await command.ReadAsync(
            row => Epoch.TryParse(row.GetString(1), out var epoch)
                ? new EventRun(row.GetInt64(0), new EventId(epoch, row.GetInt64(2)))
                : throw new FormatException($"The table event_runs has an epoch '{row.GetString(1)}' that is none."),
            cancellationToken).ConfigureAwait(false);
        return rows is [var run] ? run : null;
    }
}
