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
    public override async ValueTask<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken).ConfigureAwait(false);

    /// <summary>A lock of the file system: it goes with its process, so whoever starts after a crash need not wait.</summary>
    public override ILeaseLock? CreateLock(string name)
    {
        using var connection = _source.OpenConnection();
        // Empty for a database in memory, which no other process has.
        return connection.DataSource is { Length: > 0 } file && File.Exists(file) ? new FileLeaseLock($"{file}.{name}.lock") : null;
    }

    public override async Task SetDurabilityAsync(DbConnection connection, HistoryDurability durability, CancellationToken cancellationToken)
    {
        var mode = durability is HistoryDurability.Disk ? "FULL" : "NORMAL";
        await connection.Command(null, $"PRAGMA synchronous = {mode}").ExecuteAsync(cancellationToken).ConfigureAwait(false);
    }
}
