using MySqlConnector;

namespace Buffkit.Migrations;

/// <summary>How MySQL runs a script.</summary>
internal sealed partial class MySqlDatabase
{
    private const int UnknownDatabaseObjects = 64;

    public override async Task ExecuteAsync(Statement statement, TimeSpan? timeout, CancellationToken cancellation)
    {
        // The server's own limit, max_execution_time, is for SELECT only.
        using var limit = StatementLimit.Start(timeout, cancellation);
        await using var command = Working.CreateCommand();
        command.CommandText = statement.Text;
        try
        {
            await command.ExecuteNonQueryAsync(limit.Token);
        }
        catch (Exception e) when (limit.IsOver && e is OperationCanceledException or MySqlException { ErrorCode: MySqlErrorCode.QueryInterrupted })
        {
            throw limit.Exceeded(e);
        }
    }

    public override Task BeginAsync(ScriptHeader header, CancellationToken cancellation) =>
        ExecuteAsync("START TRANSACTION", cancellation);

    public override Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation)
    {
        if (header.LockTimeout is not { } timeout)
        {
            return Task.CompletedTask;
        }

        // Whole seconds, at least one: the server has nothing finer.
        var seconds = (long)Math.Max(1, Math.Ceiling(timeout.TotalSeconds));
        return ExecuteAsync($"SET SESSION lock_wait_timeout = {seconds}, innodb_lock_wait_timeout = {seconds}", cancellation);
    }

    /// <remarks>By a new session: resetting this one would release its lock and not restore everything either.</remarks>
    public override async Task ResetSessionAsync(CancellationToken cancellation)
    {
        if (_session is { } old)
        {
            _session = null;
            await old.DisposeAsync();
        }

        var session = await OpenSessionAsync(cancellation);
        _session = session;
        await using var command = session.CreateCommand();
        // The old session's end reaches the server a moment later. No other runner competes for this lock.
        command.CommandText = $"SELECT GET_LOCK({LockName(WorkLock)}, 60)";
        if (Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), provider: null) != 1)
        {
            throw new MigrationLockTimeoutException("The server did not end the previous session within a minute. Run again.");
        }
    }

    public override StatementKind KindOf(Statement statement) => StatementWords.Leading(statement.Text, 3) switch
    {
        ["BEGIN", ..] or ["START", "TRANSACTION", ..] => StatementKind.Begin,
        ["COMMIT", ..] => StatementKind.Commit,
        ["ROLLBACK", "TO", ..] or ["ROLLBACK", "WORK", "TO"] => StatementKind.Data,
        ["ROLLBACK", ..] => StatementKind.Rollback,
        ["SET", ..] or ["USE", ..] or ["PREPARE", ..] or ["DEALLOCATE", ..] or ["LOCK" or "UNLOCK", "TABLES" or "TABLE", ..] => StatementKind.Session,
        ["CREATE" or "DROP", "TEMPORARY", ..] => StatementKind.Session,
        ["INSERT" or "UPDATE" or "DELETE" or "REPLACE" or "SELECT" or "WITH" or "LOAD" or "DO" or "VALUES" or "TABLE", ..] => StatementKind.Data,
        ["CALL" or "EXECUTE" or "SAVEPOINT" or "RELEASE", ..] => StatementKind.Data,
        _ => StatementKind.Schema,
    };

    /// <remarks>
    /// A DDL statement is atomic since 8.0, but who was killed while it ran does not know how it ended. The schema does:
    /// it is compared with what it was before.
    /// </remarks>
    public override async Task<bool> SettleAsync(Statement statement, string? fingerprint, CancellationToken cancellation) =>
        fingerprint is not null && fingerprint != await FingerprintAsync(cancellation);

    public override async Task<string?> FingerprintAsync(CancellationToken cancellation)
    {
        await using var command = Guard.CreateCommand();
        command.CommandText = FingerprintSql;
        var parts = new List<string>(UnknownDatabaseObjects);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            parts.Add($"{reader.GetValue(0)}:{reader.GetValue(1)}");
        }

        return ScriptFile.ChecksumOf(string.Join(' ', parts));
    }

    private static readonly string FingerprintSql = string.Join(
        " UNION ALL ",
        Part("TABLES", "TABLE_SCHEMA", "TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT"),
        Part("COLUMNS", "TABLE_SCHEMA", "TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_TYPE, COLLATION_NAME, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION"),
        Part("STATISTICS", "TABLE_SCHEMA", "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, INDEX_COMMENT, IS_VISIBLE, EXPRESSION"),
        Part("TABLE_CONSTRAINTS", "TABLE_SCHEMA", "TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE, ENFORCED"),
        Part("KEY_COLUMN_USAGE", "TABLE_SCHEMA", "TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, ORDINAL_POSITION, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"),
        Part("REFERENTIAL_CONSTRAINTS", "CONSTRAINT_SCHEMA", "TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE"),
        Part("CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME, CHECK_CLAUSE"),
        Part("PARTITIONS", "TABLE_SCHEMA", "TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION"),
        Part("VIEWS", "TABLE_SCHEMA", "TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE"),
        Part("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, SECURITY_TYPE, SQL_DATA_ACCESS, IS_DETERMINISTIC, ROUTINE_COMMENT, DEFINER"),
        Part("PARAMETERS", "SPECIFIC_SCHEMA", "SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER"),
        Part("TRIGGERS", "TRIGGER_SCHEMA", "TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, ACTION_STATEMENT, ACTION_TIMING, DEFINER"),
        Part("EVENTS", "EVENT_SCHEMA", "EVENT_NAME, EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STATUS, ON_COMPLETION, DEFINER"));

    /// <summary>Count and sum instead of a hash over an order: the rows need not be sorted or joined to one long text.</summary>
    private static string Part(string view, string schema, string columns)
    {
        var values = string.Join(", ", columns.Split(", ").Select(column => $"COALESCE(HEX(`{column}`), '-')"));
        return $"SELECT COUNT(*), SUM(CONV(LEFT(SHA2(CONCAT_WS('|', {values}), 256), 15), 16, 10)) FROM information_schema.{view} WHERE {schema} = DATABASE()";
    }
}
