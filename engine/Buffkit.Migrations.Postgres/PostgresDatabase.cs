using System.Data.Common;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL: transactional DDL, one session, an advisory lock.</summary>
internal sealed partial class PostgresDatabase(MigrationEngine engine, string connectionString) : MigrationDatabase(engine)
{
    private NpgsqlDataSource? _source;
    private NpgsqlConnection? _session;

    public override StatementJudge Judge => new PostgresJudge(this);

    public override DatabaseLock Lock => new PostgresLock(this);

    public override DbConnection Session => Npgsql;

    public override DbConnection JournalSession => Npgsql;

    /// <summary>Gets the one session.</summary>
    public NpgsqlConnection Npgsql => _session ?? throw new InvalidOperationException("Open the database first.");

    public override string Place
    {
        get
        {
            var at = new NpgsqlConnectionStringBuilder(connectionString);
            return $"{at.Database ?? at.Username} at {at.Host}:{at.Port} as {at.Username}";
        }
    }

    public override Task<bool> IsConnectionLostAsync(Exception exception) => Task.FromResult(
        exception is NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException }
            or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown });

    public override async Task<string?> DescribeWaitAsync(CancellationToken cancellation)
    {
        await using var watcher = await _source!.OpenConnectionAsync(cancellation);
        await using var command = watcher.CreateCommand();
        command.CommandText =
            $"""
            SELECT format('waits for %s %s', wait_event_type, wait_event)
                || coalesce((SELECT '; held up by ' || string_agg(format('session %s of %s, %s since %s', b.pid, b.usename, b.state,
                    to_char(b.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')), ', ')
                    FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids(a.pid))), '')
            FROM pg_stat_activity a WHERE a.pid = {Npgsql.ProcessID} AND a.wait_event IS NOT NULL
            """;
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        if (_source is not null)
        {
            await _source.DisposeAsync();
        }
    }

    protected override async Task ConnectAsync(bool readOnly, CancellationToken cancellation)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            // The end of the session is what releases the lock.
            Pooling = false,
            CommandTimeout = 0,
            Enlist = false,
            CancellationTimeout = (int)CancellationWait.TotalMilliseconds,
            // Prepared statements are taken back after each script, the driver's own with them.
            MaxAutoPrepare = 0,
        };
        settings.ApplicationName ??= "migrations";
        var builder = new NpgsqlDataSourceBuilder(settings.ToString());
        // The journal needs built-in types only, and reading the catalog costs a query.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        _source = builder.Build();
        _session = await _source.OpenConnectionAsync(cancellation);
    }
}
