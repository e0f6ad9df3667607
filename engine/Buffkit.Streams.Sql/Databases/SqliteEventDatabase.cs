using System.Data;
using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>SQLite, by Microsoft.Data.Sqlite: one file on one machine.</summary>
internal sealed class SqliteEventDatabase(DbDataSource source) : EventDatabase(source)
{
    // One of its kind for each start of a Linux machine.
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    private readonly DbDataSource _source = source;

    public override string Now => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

    // There is one writer at a time.
    public override string LockOrderSlot(int slot) => "";

    // What the operating system has taken it writes, unless it ends itself.
    public override string? Life => File.Exists(BootId) ? File.ReadAllText(BootId).Trim() : null;

    // Takes the write lock at once: a transaction that read first could not get it any more once another has written.
    protected override async Task<DbTransaction> BeginAsync(DbConnection connection, HistoryDurability? durability, CancellationToken cancellationToken)
    {
        // Within a transaction it can no longer be set.
        if (durability is { } wanted)
            await SetSynchronousAsync(connection, wanted is HistoryDurability.Disk ? "FULL" : "NORMAL", cancellationToken).ConfigureAwait(false);
        return await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken).ConfigureAwait(false);
    }

    // The database is in the process: a statement that is compiled once, and run for each row, is the fastest.
    public override async Task InsertRowsAsync<T>(
        DbConnection connection, DbTransaction transaction, RowInsert<T> insert, IReadOnlyList<T> rows, CancellationToken cancellationToken)
    {
        var command = connection.Command(transaction, "");
        await using (command.ConfigureAwait(false))
        {
            foreach (var row in rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var values = insert.Values(row);
                if (command.Parameters.Count == 0)
                {
                    var names = Enumerable.Range(0, values.Length).Select(n => $"@p{n}").ToArray();
                    foreach (var name in names)
                        command.Add(name, null);
                    command.CommandText = $"{insert.Begin}{insert.First}{string.Join(", ", names)}){insert.End}";
                }

                for (var n = 0; n < values.Length; n++)
                    command.Parameters[n].Value = values[n] ?? DBNull.Value;
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // What SQLite does by itself.
    protected override Task EndAsync(DbConnection connection, HistoryDurability? durability) =>
        durability is null ? Task.CompletedTask : SetSynchronousAsync(connection, "FULL", CancellationToken.None);

    /// <summary>A lock of the file system: it goes with its process, so whoever starts after a crash need not wait.</summary>
    public override ILeaseLock? CreateLock(string name)
    {
        using var connection = _source.OpenConnection();
        // Empty for a database in memory, which no other process has.
        return connection.DataSource is { Length: > 0 } file && File.Exists(file) ? new FileLeaseLock($"{file}.{name}.lock") : null;
    }

    private static Task<int> SetSynchronousAsync(DbConnection connection, string mode, CancellationToken cancellationToken) =>
        connection.Command(null, $"PRAGMA synchronous = {mode}").ExecuteAsync(cancellationToken);
}
