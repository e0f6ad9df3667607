using System.Data.Common;
using System.Globalization;

namespace Buffkit.Streams.Sql;

/// <summary>MySQL, by MySqlConnector. The driver is the application's: nothing here refers to it.</summary>
internal sealed class MySqlEventDatabase(DbDataSource source) : EventDatabase(source)
{
    // The server ends a session that says nothing for so long, and with it its transaction: a process that was stopped in the midst of
    // one must not hold its locks for ever.
    private const string Guard = "SET SESSION wait_timeout = 10";
    private const string NoGuard = "SET SESSION wait_timeout = DEFAULT, transaction_isolation = DEFAULT";

    public override string Now => "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";

    // A row of a unique key that is there: no gap is locked, at any isolation level.
    public override string LockOrderSlot(int slot) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT slot FROM event_outbox_keys WHERE slot = {slot} FOR UPDATE; ");

    // Where a table is small, or was when its statistics were made, the optimizer reads all of it for a list of keys. Each row that is read is
    // locked or waited for, those of uncommitted transactions as well.
    public override string UpdateByKey(string table) => $"UPDATE {table} FORCE INDEX (PRIMARY)";

    // Only the form for several tables takes a hint.
    public override string DeleteByKey(string table) => $"DELETE {table} FROM {table} FORCE INDEX (PRIMARY)";

    // Not INSERT IGNORE: it would cut what is too long in silence.
    protected override string PassRepeated => " ON DUPLICATE KEY UPDATE sequence = event_history.sequence";

    protected override async Task<DbTransaction> BeginAsync(DbConnection connection, HistoryDurability? durability, CancellationToken cancellationToken)
    {
        await connection.Command(null, Guard).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return await base.BeginAsync(connection, durability, cancellationToken).ConfigureAwait(false);
    }

    // The pool would do so by itself, unless it was told not to; then others' connections would end after ten seconds, and their
    // transactions have another isolation level than they expect.
    protected override async Task EndAsync(DbConnection connection, HistoryDurability? durability) =>
        await connection.Command(null, NoGuard).ExecuteAsync(CancellationToken.None).ConfigureAwait(false);

    public override string Upsert(string insert, string key, params ReadOnlySpan<string> columns)
    {
        var sets = new List<string>();
        foreach (var column in columns)
            sets.Add($"{column} = new.{column}");
        return $"{insert} AS new ON DUPLICATE KEY UPDATE {string.Join(", ", sets)}";
    }
}
