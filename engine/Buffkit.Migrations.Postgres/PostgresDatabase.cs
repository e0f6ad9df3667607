using System.Data.Common;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>PostgreSQL: transactional DDL, one session, an advisory lock.</summary>
internal sealed partial class PostgresDatabase(MigrationEngine engine, string connectionString) : MigrationDatabase(engine)
{
    /// <summary>Any constant does, if every runner has the same: advisory locks are the database's own.</summary>
    private const long LockKey = 0x6D69_6772_6174_6501;

    private const string MissingTable = "42P01";

    private NpgsqlDataSource? _source;
    private NpgsqlConnection? _session;

    public override StatementJudge Judge => new PostgresJudge(this);

    public override bool HasTransactionalDdl => true;

    public override string? TrialCaveat =>
        "Sequences that were moved (nextval, setval) stay moved, as PostgreSQL never takes them back, and locks were really taken until the end.";

    public override DbConnection Session => Npgsql;

    public override DbConnection JournalSession => Npgsql;

    /// <summary>Gets the one session.</summary>
    public NpgsqlConnection Npgsql => _session ?? throw new InvalidOperationException("Open the database first.");

    public override string CreateJournalSql =>
        $"""
        CREATE TABLE IF NOT EXISTS {JournalTable} (
            name varchar(200) NOT NULL PRIMARY KEY,
            version varchar(200),
            kind varchar(16) NOT NULL,
            checksum varchar(64),
            engine varchar(16) NOT NULL,
            state varchar(16) NOT NULL,
            applied_at timestamptz NOT NULL,
            duration_ms bigint NOT NULL,
            statements_done integer NOT NULL,
            statements_total integer NOT NULL,
            statement_started integer NOT NULL,
            done_checksum varchar(64),
            fingerprint varchar(200),
            who varchar(200) NOT NULL,
            error text)
        """;

    /// <remarks>
    /// Polled, never waited for inside the server: a session that waits for a lock holds a snapshot, and CREATE INDEX
    /// CONCURRENTLY waits for every older snapshot, so that the two would wait for each other.
    /// </remarks>
    public override async Task<bool> TryLockAsync(CancellationToken cancellation)
    {
        await using var command = Npgsql.CreateCommand();
        // A journal that exists stays where it is, even if a migration has created a schema that comes first now.
        command.CommandText =
            $"""
            SELECT pg_try_advisory_lock({LockKey}), coalesce(
                (SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.oid = to_regclass('{Journal.TableName}')),
                quote_ident(current_schema()))
            """;
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            await reader.ReadAsync(cancellation);
            if (!reader.GetBoolean(0))
            {
                return false;
            }

            if (await reader.IsDBNullAsync(1, cancellation))
            {
                throw new MigrationConfigurationException(
                    "No schema of the search path exists. Create it, or correct 'Search Path' in the connection string.");
            }

            // Qualified from here on: a script may change the search path, as every pg_dump does.
            JournalTable = $"{reader.GetString(1)}.{Journal.TableName}";
        }

        await ExecuteAsync(WatchClient, cancellation);
        return true;
    }

    public override JournalTrouble TroubleOf(DbException exception) => exception is not PostgresException e ? JournalTrouble.None : e.SqlState switch
    {
        PostgresErrorCodes.InsufficientPrivilege => JournalTrouble.Right,
        PostgresErrorCodes.ReadOnlySqlTransaction => JournalTrouble.ReadOnly,
        PostgresErrorCodes.UndefinedColumn => JournalTrouble.Column,
        _ => JournalTrouble.None,
    };

    public override Task<bool> IsConnectionLostAsync(Exception exception) => Task.FromResult(
        exception is NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException }
            or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown });

    public override async Task VerifyLockAsync(CancellationToken cancellation)
    {
        await using var command = Npgsql.CreateCommand();
        // The script may have moved the search path.
        command.CommandText =
            $"""
            SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid = pg_catalog.pg_backend_pid()
                    AND l.classid::bigint = {LockKey >> 32} AND l.objid::bigint = {LockKey & 0xFFFF_FFFF})
            """;
        if (await command.ExecuteScalarAsync(cancellation) is not true)
        {
            throw new MigrationFailedException(
                "it released all advisory locks of the session, the runner's with them, so that another runner may have begun. Release single locks with pg_advisory_unlock(key)");
        }
    }

    /// <remarks>A session may hold a lock several times; its end releases all of them.</remarks>
    public override async Task<bool> TryKeepLockAsync(CancellationToken cancellation)
    {
        await using var command = Npgsql.CreateCommand();
        command.CommandText = $"SELECT pg_catalog.pg_try_advisory_lock({LockKey})";
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    public override async Task<string?> DescribeLockHolderAsync(CancellationToken cancellation)
    {
        await using var command = Npgsql.CreateCommand();
        command.CommandText =
            $"""
            SELECT format('session %s of %s (%s), since %s, %s', a.pid, a.usename, coalesce(host(a.client_addr), 'local'),
                to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'),
                coalesce(a.state || coalesce(', waits for ' || a.wait_event_type || ' ' || a.wait_event, ''), 'state unknown'))
            FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND l.classid::bigint = {LockKey >> 32} AND l.objid::bigint = {LockKey & 0xFFFF_FFFF}
            """;
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

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

    public override string Describe(Exception exception) => exception is PostgresException e
        ? $"{e.SqlState}: {e.MessageText}{(e.Hint is { } hint ? $" Hint: {hint}" : "")}"
        : base.Describe(exception);

    public override bool IsAnswer(DbException exception) => exception is not NpgsqlException { InnerException: IOException };

    public override bool IsMissingTable(DbException exception) => exception.SqlState == MissingTable;

    public override object ToJournalTime(DateTime utc) => utc;

    public override string UpsertSql(string table, IReadOnlyList<string> columns) => Upsert.OnConflict(table, columns);

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
