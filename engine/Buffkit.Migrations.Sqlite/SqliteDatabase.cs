using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Buffkit.Migrations.Sqlite;

/// <summary>SQLite: transactional DDL, one session, and a locked file beside the database as the runner's lock.</summary>
internal sealed partial class SqliteDatabase(MigrationEngine engine, string connectionString, TimeProvider time) : MigrationDatabase(engine)
{
    /// <summary>A status that looks at the lock holds it, shared, for an instant.</summary>
    private const int LockAttempts = 5;

    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(2);

    private const string LockSuffix = "-migrating";

    private SqliteConnection? _session;
    private FileStream? _lock;
    private string? _file;
    private bool _foreignKeys;
    private bool _absent;
    private string _settings = "";

    public override StatementJudge Judge { get; } = new SqliteJudge();

    public override bool HasTransactionalDdl => true;

    public override bool IsAbsent => _absent;

    // A file's rights show when it is written, and that waits for other writers.
    public override bool HasRights => false;

    public override DbConnection Session => Sqlite;

    public override DbConnection JournalSession => Sqlite;

    private SqliteConnection Sqlite => _session ?? throw new InvalidOperationException("Open the database first.");

    public override string CreateJournalSql =>
        $"""
        CREATE TABLE IF NOT EXISTS {JournalTable} (
            name TEXT NOT NULL PRIMARY KEY,
            version TEXT,
            kind TEXT NOT NULL,
            checksum TEXT,
            engine TEXT NOT NULL,
            state TEXT NOT NULL,
            applied_at TEXT NOT NULL, -- UTC
            duration_ms INTEGER NOT NULL,
            statements_done INTEGER NOT NULL,
            statements_total INTEGER NOT NULL,
            statement_started INTEGER NOT NULL,
            done_checksum TEXT,
            fingerprint TEXT,
            who TEXT NOT NULL,
            error TEXT)
        """;

    /// <remarks>
    /// The operating system releases the file's lock when its process dies. The file itself stays: whoever deleted it
    /// could take the lock away from under a runner that has just opened it.
    /// </remarks>
    public override async Task<bool> TryLockAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; _file is not null && _lock is null; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                _lock = new FileStream(_file + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                await Task.Delay(LockPause, time, cancellation);
            }
            catch (IOException)
            {
                return false;
            }
        }

        return true;
    }

    public override Task<string?> DescribeLockHolderAsync(CancellationToken cancellation)
    {
        if (_file is null || _lock is not null || !File.Exists(_file + LockSuffix))
        {
            return Task.FromResult<string?>(null);
        }

        try
        {
            // Shared: two who look must not take each other for a runner.
            new FileStream(_file + LockSuffix, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return Task.FromResult<string?>(null);
        }
        catch (IOException)
        {
            return Task.FromResult<string?>("another process of this machine");
        }
    }

    public override Task<string?> DescribeWaitAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    public override JournalTrouble TroubleOf(DbException exception) => exception switch
    {
        SqliteException { SqliteErrorCode: raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH } => JournalTrouble.ReadOnly,
        SqliteException { SqliteErrorCode: raw.SQLITE_ERROR } e when e.Message.Contains("no such column", StringComparison.Ordinal)
            || e.Message.Contains("has no column named", StringComparison.Ordinal) => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    public override string HintFor(Statement statement, Exception exception) =>
        exception is SqliteException { SqliteErrorCode: raw.SQLITE_CONSTRAINT } && StatementWords.Leading(statement, 2) is ["DROP", "TABLE"]
            ? " While foreign keys are enforced, dropping a table first deletes its rows. To make a table anew put 'PRAGMA foreign_keys = OFF;' before it and '= ON' behind."
            : "";

    public override bool IsMissingTable(DbException exception) =>
        exception is SqliteException { SqliteErrorCode: raw.SQLITE_ERROR } e
        && e.Message.Contains("no such table", StringComparison.Ordinal);

    public override object ToJournalTime(DateTime utc) =>
        utc.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);

    public override string UpsertSql(string table, IReadOnlyList<string> columns) => Upsert.OnConflict(table, columns);

    public override async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
    }

    protected override async Task ConnectAsync(bool readOnly, CancellationToken cancellation)
    {
        var settings = new SqliteConnectionStringBuilder(connectionString) { Pooling = false, DefaultTimeout = (int)DefaultLockTimeout.TotalSeconds };
        if (settings.DataSource.Length == 0)
        {
            throw new MigrationConfigurationException("The connection string names no file. Write 'Data Source=app.db'.");
        }

        var isFile = SqliteFile.IsFile(settings);
        if (isFile && readOnly && !File.Exists(settings.DataSource))
        {
            _absent = true;
            return;
        }

        if (isFile && Path.GetDirectoryName(Path.GetFullPath(settings.DataSource)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        _settings = settings.ToString();
        _session = await OpenSessionAsync(cancellation);
        _foreignKeys = Convert.ToInt64(await ScalarAsync("PRAGMA foreign_keys", cancellation), provider: null) == 1;
        _file = await ScalarAsync("SELECT file FROM pragma_database_list WHERE name = 'main'", cancellation) is string { Length: > 0 } file
            ? file
            : null;
    }

    protected override string Unopened(string reason) =>
        $"'{new SqliteConnectionStringBuilder(connectionString).DataSource}' cannot be opened: {reason}. Check ConnectionStrings:appdb or --connection, and that the file is a database that this user may read and write.";

    private async Task<SqliteConnection> OpenSessionAsync(CancellationToken cancellation)
    {
        var session = new SqliteConnection(_settings);
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

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Sqlite.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation);
    }
}
