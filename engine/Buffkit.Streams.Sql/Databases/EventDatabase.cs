using System.Data;
using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>What differs between the databases; the statements that do not are where they are used.</summary>
/// <param name="source">Opens connections.</param>
internal abstract class EventDatabase(DbDataSource source)
{
    /// <summary>
    /// The locks by which events of one key follow each other: keys share them, since a transaction that adds events of very many keys
    /// must not use up the database's room for locks.
    /// </summary>
    public const int OrderSlots = 1_000;

    /// <summary>The present time by the database's own clock, in microseconds: those of servers may be an hour apart.</summary>
    public abstract string Now { get; }

    /// <summary>Makes a lock that goes with its holder, where there is one; otherwise only the time tells that a lease's holder is gone.</summary>
    public virtual ILeaseLock? CreateLock(string name) => null;

    /// <summary>Chooses by the driver's connection.</summary>
    /// <exception cref="NotSupportedException">The driver is none of Npgsql, MySqlConnector and Microsoft.Data.Sqlite.</exception>
    public static EventDatabase Of(DbDataSource source)
    {
        using var connection = source.CreateConnection();
        return connection.GetType().Name switch
        {
            "NpgsqlConnection" => new PostgresEventDatabase(source),
            "MySqlConnection" => new MySqlEventDatabase(source),
            "SqliteConnection" => new SqliteEventDatabase(source),
            var other => throw new NotSupportedException(
                $"Events are kept in PostgreSQL by Npgsql, in MySQL by MySqlConnector or in SQLite by Microsoft.Data.Sqlite, not by {other}."),
        };
    }

    /// <summary>Whether the database could not be asked, or refused, or the wait for it was ended.</summary>
    public static bool IsAway(Exception e) =>
        e is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException or OperationCanceledException or ObjectDisposedException
            || (e is InvalidOperationException && e.Source is "Npgsql" or "MySqlConnector" or "Microsoft.Data.Sqlite");

    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Begins a transaction that sees what others commit meanwhile, and that the server ends when its owner hangs.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="durability">What the commit waits for; as the database is set up, where it is not said.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected virtual async Task<DbTransaction> BeginAsync(DbConnection connection, HistoryDurability? durability, CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);

    /// <summary>Takes back what <see cref="BeginAsync"/> set on the connection, which goes back to the application's pool.</summary>
    protected virtual Task EndAsync(DbConnection connection, HistoryDurability? durability) => Task.CompletedTask;

    /// <summary>Runs statements in a transaction of their own.</summary>
    /// <param name="work">What to do; what it returns as false is taken back.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="durability">What the commit waits for; as the database is set up, where it is not said.</param>
    public async Task<bool> InTransactionAsync(
        Func<DbConnection, DbTransaction, Task<bool>> work, CancellationToken cancellationToken, HistoryDurability? durability = null)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                var transaction = await BeginAsync(connection, durability, cancellationToken).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    if (!await work(connection, transaction).ConfigureAwait(false))
                        return false;
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return true;
                }
            }
            finally
            {
                await TryEndAsync(connection, durability).ConfigureAwait(false);
            }
        }
    }

    // What the work came to stands, whatever becomes of the connection: a broken one does not go back to the pool.
    private async Task TryEndAsync(DbConnection connection, HistoryDurability? durability)
    {
        try
        {
            if (connection.State is ConnectionState.Open)
                await EndAsync(connection, durability).ConfigureAwait(false);
        }
        catch (Exception e) when (IsAway(e))
        {
            // As said above.
        }
    }

    /// <summary>Runs a query on a connection of its own.</summary>
    public async Task<T> QueryAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await query(connection).ConfigureAwait(false);
    }

    /// <summary>Inserts events of one epoch.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="events">At least one.</param>
    /// <param name="mayBeThere">Those that are there already stay as they are; otherwise one that is there is an error.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public virtual Task InsertAsync(
        DbConnection connection, DbTransaction transaction, IReadOnlyList<StreamEvent> events, bool mayBeThere, CancellationToken cancellationToken)
    {
        var epoch = events[0].Id.Epoch.ToString();
        return InsertRowsAsync(
            connection,
            transaction,
            new RowInsert<StreamEvent>(
                "INSERT INTO event_history (epoch, " + EventRows.EventColumns + ") VALUES (",
                e => [epoch, e.Id.Sequence, SqlTime.Write(e.Time), .. EventRows.Values(e.Draft)],
                e => e.Size)
            {
                End = mayBeThere ? PassRepeated : "",
            },
            events,
            cancellationToken);
    }

    /// <summary>Inserts rows, as many with one statement as the database takes well.</summary>
    public virtual async Task InsertRowsAsync<T>(
        DbConnection connection, DbTransaction transaction, RowInsert<T> insert, IReadOnlyList<T> rows, CancellationToken cancellationToken)
    {
        for (var from = 0; from < rows.Count;)
        {
            var command = connection.Command(transaction, "");
            var text = new System.Text.StringBuilder(from == 0 ? insert.Before : "").Append(insert.Begin);
            var (count, bytes) = (0, 0L);
            while (from < rows.Count && count < MostRows && bytes < MostBytes)
            {
                var row = rows[from++];
                text.Append(count == 0 ? "" : "), (").Append(insert.First);
                var separator = "";
                foreach (var value in insert.Values(row))
                {
                    var name = $"p{command.Parameters.Count}";
                    text.Append(separator).Append('@').Append(name);
                    command.Add(name, value);
                    separator = ", ";
                }

                (count, bytes) = (count + 1, bytes + insert.Size(row));
            }

            command.CommandText = text.Append(')').Append(insert.End).ToString();
            await command.ExecuteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Locks what a transaction's events of one key must follow each other by, until the transaction ends.</summary>
    /// <param name="slot">One of <see cref="OrderSlots"/>.</param>
    /// <returns>A statement; empty where writers wait for each other anyway.</returns>
    public abstract string LockOrderSlot(int slot);

    /// <summary>
    /// What a loss of the last commits with less than <see cref="HistoryDurability.Disk"/> takes: while this is the same, none of those is
    /// lost that were written with <see cref="HistoryDurability.Process"/>. <see langword="null"/> where nobody can tell.
    /// </summary>
    public virtual string? Life => null;

    /// <summary>Begins a statement that updates rows by their primary keys, and looks at no others: those may be locked by somebody's open transaction.</summary>
    public virtual string UpdateByKey(string table) => $"UPDATE {table}";

    /// <summary>As <see cref="UpdateByKey"/>, for one that deletes.</summary>
    public virtual string DeleteByKey(string table) => $"DELETE FROM {table}";

    /// <summary>Wakes the relay of another server when the transaction commits; empty where the database cannot.</summary>
    public virtual string Notify => "";

    /// <summary>Waits for <see cref="Notify"/> on a connection that listens; <see langword="null"/> where the database cannot.</summary>
    public virtual Task<Func<CancellationToken, Task>?> ListenAsync(DbConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<Func<CancellationToken, Task>?>(null);

    // Most rows of a statement.
    private const int MostRows = 500;

    // Bytes after which a statement ends.
    private const long MostBytes = 4 * 1024 * 1024;

    /// <summary>How an insert passes rows that are there already.</summary>
    protected virtual string PassRepeated => " ON CONFLICT DO NOTHING";

    /// <summary>Inserts a row, or sets columns of the one that is there.</summary>
    /// <param name="insert">The statement up to its values' end.</param>
    /// <param name="key">The column of the primary key.</param>
    /// <param name="columns">The columns to set.</param>
    public virtual string Upsert(string insert, string key, params ReadOnlySpan<string> columns)
    {
        var sets = new List<string>();
        foreach (var column in columns)
            sets.Add($"{column} = excluded.{column}");
        return $"{insert} ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", sets)}";
    }
}

/// <summary>How rows are inserted.</summary>
/// <param name="Begin">The statement up to the first row's bracket, which it opens.</param>
/// <param name="Values">A row's values.</param>
/// <param name="Size">Its bytes, roughly.</param>
internal sealed record RowInsert<T>(string Begin, Func<T, object?[]> Values, Func<T, long> Size)
{
    /// <summary>Statements before the first.</summary>
    public string Before { get; init; } = "";

    /// <summary>What each row begins with, such as an expression and a comma.</summary>
    public string First { get; init; } = "";

    /// <summary>What follows the last row's bracket.</summary>
    public string End { get; init; } = "";
}
