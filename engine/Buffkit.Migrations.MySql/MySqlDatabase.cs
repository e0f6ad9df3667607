using System.Data.Common;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>MySQL: DDL commits by itself, so the journal keeps count of statements on a session of its own.</summary>
/// <remarks>
/// Two sessions and two locks. The guard holds the runner's lock and writes the journal. The working session holds a
/// second lock, because a server goes on with a statement whose client was killed: the next runner gets the first lock
/// at once, and the second when that statement has come to its end.
/// </remarks>
internal sealed partial class MySqlDatabase(MigrationEngine engine, string connectionString) : MigrationDatabase(engine)
{
    private const string RunnerLock = "migrations:";
    private const string WorkLock = "migrations-work:";

    /// <summary>The server's limit for the name of a lock.</summary>
    private const int MaximumLockName = 64;

    // https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html
    private const int MissingTable = 1146;
    private const int DatabaseAccessDenied = 1044;
    private const int TableAccessDenied = 1142;
    private const int ColumnAccessDenied = 1143;
    private const int SpecificAccessDenied = 1227;
    private const int OptionPreventsStatement = 1290;
    private const int ReadOnlyMode = 1836;
    private const int BadField = 1054;

    private MySqlConnection? _guard;
    private MySqlConnection? _session;
    private string _settings = "";
    private bool _guarded;

    public override StatementJudge Judge => new MySqlJudge(this);

    public override bool HasTransactionalDdl => false;

    public override DbConnection Session => Working;

    public override DbConnection JournalSession => Guard;

    /// <summary>Gets the session that holds the lock and writes the journal.</summary>
    public MySqlConnection Guard => _guard ?? throw new InvalidOperationException("Open the database first.");

    /// <summary>Gets the session that runs the scripts.</summary>
    public MySqlConnection Working => _session ?? throw new InvalidOperationException("Take the lock first.");

    public override string CreateJournalSql =>
        $"""
        CREATE TABLE IF NOT EXISTS {JournalTable} (
            name varchar(200) NOT NULL PRIMARY KEY,
            version varchar(200),
            kind varchar(16) NOT NULL,
            checksum varchar(64),
            engine varchar(16) NOT NULL,
            state varchar(16) NOT NULL,
            applied_at datetime(6) NOT NULL COMMENT 'UTC',
            duration_ms bigint NOT NULL,
            statements_done int NOT NULL,
            statements_total int NOT NULL,
            statement_started int NOT NULL,
            done_checksum varchar(64),
            fingerprint varchar(200),
            who varchar(200) NOT NULL,
            error text
        ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
        """;

    public override async Task<bool> TryLockAsync(CancellationToken cancellation)
    {
        _guarded = _guarded || await GetLockAsync(Guard, RunnerLock, cancellation);
        if (!_guarded)
        {
            return false;
        }

        _session ??= await OpenSessionAsync(cancellation);
        return await GetLockAsync(_session, WorkLock, cancellation);
    }

    public override async Task<string?> DescribeLockHolderAsync(CancellationToken cancellation)
    {
        await using var command = Guard.CreateCommand();
        command.CommandText =
            $"""
            SELECT CONCAT('session ', p.ID, ' of ', p.USER, '@', p.HOST, ', ', LOWER(p.COMMAND), ' for ', p.TIME, ' s',
                COALESCE(CONCAT(', ', NULLIF(p.STATE, '')), ''))
            FROM information_schema.PROCESSLIST p
            WHERE p.ID IN (IS_USED_LOCK({LockName(RunnerLock)}), IS_USED_LOCK({LockName(WorkLock)})) AND p.ID <> CONNECTION_ID()
            ORDER BY p.ID LIMIT 1
            """;
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    public override async Task<string?> DescribeWaitAsync(CancellationToken cancellation)
    {
        await using var watcher = new MySqlConnection(_settings);
        await watcher.OpenAsync(cancellation);
        await using var command = watcher.CreateCommand();
        command.CommandText =
            $"""
            SELECT CONCAT('state: ', COALESCE(NULLIF(t.PROCESSLIST_STATE, ''), 'none'), COALESCE(CONCAT('; held up by ', (
                SELECT GROUP_CONCAT(DISTINCT CONCAT('session ', b.PROCESSLIST_ID, ' of ', b.PROCESSLIST_USER, ', ', LOWER(b.PROCESSLIST_COMMAND), ' for ', b.PROCESSLIST_TIME, ' s') SEPARATOR ', ')
                FROM performance_schema.metadata_locks w
                JOIN performance_schema.metadata_locks h ON h.OBJECT_TYPE = w.OBJECT_TYPE AND h.OBJECT_SCHEMA = w.OBJECT_SCHEMA
                    AND h.OBJECT_NAME = w.OBJECT_NAME AND h.LOCK_STATUS = 'GRANTED' AND h.OWNER_THREAD_ID <> w.OWNER_THREAD_ID
                JOIN performance_schema.threads b ON b.THREAD_ID = h.OWNER_THREAD_ID
                WHERE w.OWNER_THREAD_ID = t.THREAD_ID AND w.LOCK_STATUS = 'PENDING')), ''))
            FROM performance_schema.threads t WHERE t.PROCESSLIST_ID = {Working.ServerThread}
            """;
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    public override JournalTrouble TroubleOf(DbException exception) => exception is not MySqlException e ? JournalTrouble.None : e.Number switch
    {
        DatabaseAccessDenied or TableAccessDenied or ColumnAccessDenied or SpecificAccessDenied => JournalTrouble.Right,
        OptionPreventsStatement or ReadOnlyMode => JournalTrouble.ReadOnly,
        BadField => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    // A session that is being killed may first answer that its statement was interrupted.
    public override async Task<bool> IsConnectionLostAsync(Exception exception) =>
        exception is MySqlException && !(await Working.PingAsync(CancellationToken.None) && await Guard.PingAsync(CancellationToken.None));

    public override string HintFor(Statement statement, Exception exception) =>
        StatementWords.Leading(statement, 3) is ["LOAD", "DATA", "LOCAL"]
            ? " LOAD DATA LOCAL needs 'AllowLoadLocalInfile=true' in the connection string, and local_infile = ON on the server."
            : "";

    // Names of tables may be case-sensitive here, and programs that others use write them in capitals or not.
    public override async Task<string> SpellingOfAsync(string table, CancellationToken cancellation)
    {
        await using var command = Guard.CreateCommand();
        command.CommandText = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) = @table LIMIT 1";
        command.Parameters.AddWithValue("table", table);
        return await command.ExecuteScalarAsync(cancellation) as string ?? table;
    }

    public override bool IsMissingTable(DbException exception) => exception is MySqlException { Number: MissingTable };

    public override object ToJournalTime(DateTime utc) => DateTime.SpecifyKind(utc, DateTimeKind.Unspecified);

    public override string UpsertSql(string table, IReadOnlyList<string> columns) => Upsert.Replace(table, columns);

    public override async ValueTask DisposeAsync()
    {
        // The working session first: its lock must not outlive the guard's for longer than it has to.
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        if (_guard is not null)
        {
            await _guard.DisposeAsync();
        }
    }

    protected override async Task ConnectAsync(bool readOnly, CancellationToken cancellation)
    {
        var settings = new MySqlConnectionStringBuilder(connectionString)
        {
            // The end of the session is what releases the lock.
            Pooling = false,
            // @name is a variable in scripts.
            AllowUserVariables = true,
            DefaultCommandTimeout = 0,
            AutoEnlist = false,
            CancellationTimeout = (int)CancellationWait.TotalSeconds,
        };
        if (settings.Database.Length == 0)
        {
            throw new MigrationConfigurationException("The connection string names no database. Add 'Database=name'.");
        }

        if (settings.ApplicationName.Length == 0)
        {
            settings.ApplicationName = "migrations";
        }

        _settings = settings.ToString();
        JournalTable = $"`{settings.Database.Replace("`", "``", StringComparison.Ordinal)}`.{Journal.TableName}";
        _guard = await OpenSessionAsync(cancellation);
    }

    private async Task<MySqlConnection> OpenSessionAsync(CancellationToken cancellation)
    {
        var session = new MySqlConnection(_settings);
        try
        {
            await session.OpenAsync(cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> GetLockAsync(MySqlConnection session, string prefix, CancellationToken cancellation)
    {
        await using var command = session.CreateCommand();
        command.CommandText = $"SELECT GET_LOCK({LockName(prefix)}, 0)";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), provider: null) == 1;
    }

    /// <summary>Locks are the server's, not the database's, so the name holds the database's; hashed where that is too long.</summary>
    private string LockName(string prefix)
    {
        var database = new MySqlConnectionStringBuilder(_settings).Database;
        var name = prefix + database;
        if (name.Length > MaximumLockName)
        {
            name = prefix + ScriptFile.ChecksumOf(database)[..40];
        }

        return $"'{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
