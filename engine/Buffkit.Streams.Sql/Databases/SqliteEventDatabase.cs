using System.Data;
using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>SQLite, by Microsoft.Data.Sqlite: one file on one machine.</summary>
internal sealed class SqliteEventDatabase(DbDataSource source) : EventDatabase(source)
{
    private readonly DbDataSource _source = source;

    public override string Now => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

    // There is one writer at a time.
    public override string LockOrderKey => "";

    // SQLite allows 32,766 parameters; its compiled statement grows with each.
    protected override int MostRows => 100;

    // Takes the write lock at once: a transaction that read first could not get it any more once another has written.
    protected override async Task<DbTransaction> BeginAsync(DbConnection connection, HistoryDurability? durability, CancellationToken cancellationToken)
    {
        // Within a transaction it can no longer be set.
        if (durability is { } wanted)
            await SetSynchronousAsync(connection, wanted is HistoryDurability.Disk ? "FULL" : "NORMAL", cancellationToken).ConfigureAwait(false);
        return await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken).ConfigureAwait(false);
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
