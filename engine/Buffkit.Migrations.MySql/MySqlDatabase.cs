using System.Data.Common;
using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>MySQL: DDL commits by itself, so the journal keeps count of statements on a session of its own.</summary>
/// <remarks>Two sessions: the guard holds the runner's lock and writes the journal, the other one runs the scripts.</remarks>
internal sealed partial class MySqlDatabase(MigrationEngine engine, string connectionString) : MigrationDatabase(engine)
{
    private MySqlConnection? _guard;
    private MySqlConnection? _session;
    private string _settings = "";
    private MySqlLock? _lock;

    public override StatementJudge Judge => new MySqlJudge(this);

    public override DatabaseLock Lock => WorkLock;

    /// <summary>Gets the name of the database that the connection string names.</summary>
    public string Schema { get; private set; } = "";

    public override DbConnection Session => Working;

    public override DbConnection JournalSession => Guard;

    public override string Place
    {
        get
        {
            var at = new MySqlConnectionStringBuilder(connectionString);
            return $"{at.Database} at {at.Server}:{at.Port} as {at.UserID}";
        }
    }

    private MySqlLock WorkLock => _lock ??= new MySqlLock(this);

    /// <summary>Gets the session that holds the lock and writes the journal.</summary>
    public MySqlConnection Guard => _guard ?? throw new InvalidOperationException("Open the database first.");

    /// <summary>Gets the session that runs the scripts.</summary>
    public MySqlConnection Working => _session ?? throw new InvalidOperationException("Take the lock first.");

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

    // A session that is being killed may first answer that its statement was interrupted.
    public override async Task<bool> IsConnectionLostAsync(Exception exception) =>
        exception is MySqlException && !(await Working.PingAsync(CancellationToken.None) && await Guard.PingAsync(CancellationToken.None));

    // Names of tables may be case-sensitive here, and programs that others use write them in capitals or not.
    public override async Task<string> SpellingOfAsync(string table, CancellationToken cancellation)
    {
        await using var command = Guard.CreateCommand();
        command.CommandText = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND LOWER(TABLE_NAME) = @table LIMIT 1";
        command.Parameters.AddWithValue("table", table);
        return await command.ExecuteScalarAsync(cancellation) as string ?? table;
    }

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

        (_settings, Schema) = (settings.ToString(), settings.Database);
        JournalTable = $"`{settings.Database.Replace("`", "``", StringComparison.Ordinal)}`.{Journal.TableName}";
        _guard = await OpenSessionAsync(cancellation);
    }

    /// <summary>Opens the session that runs the scripts, where it is not open.</summary>
    public async Task<MySqlConnection> OpenWorkingAsync(CancellationToken cancellation) =>
        _session ??= await OpenSessionAsync(cancellation);

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
}
