using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Buffkit.Migrations.Sqlite;

/// <summary>SQLite: transactional DDL, one session, and a locked file beside the database as the runner's lock.</summary>
internal sealed partial class SqliteDatabase(MigrationEngine engine, string connectionString, TimeProvider time) : MigrationDatabase(engine)
{
    private SqliteConnection? _session;
    private SqliteLock? _lock;
    private string? _file;
    private bool _foreignKeys;
    private bool _absent;
    private string _settings = "";

    public override StatementJudge Judge { get; } = new SqliteJudge();

    public override DatabaseLock Lock => _lock ??= new SqliteLock(_file, time);

    public override bool IsAbsent => _absent;

    public override DbConnection Session => Sqlite;

    public override DbConnection JournalSession => Sqlite;

    public override string Place => new SqliteConnectionStringBuilder(connectionString).DataSource;

    private SqliteConnection Sqlite => _session ?? throw new InvalidOperationException("Open the database first.");

    public override Task<string?> DescribeWaitAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

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
