namespace Buffkit.Migrations.Postgres;

/// <summary>An advisory lock, held by the session that runs the scripts.</summary>
internal sealed class PostgresLock(PostgresDatabase database) : DatabaseLock
{
    /// <summary>Any constant does, if every runner has the same: advisory locks are the database's own.</summary>
    private const long LockKey = 0x6D69_6772_6174_6501;

    /// <remarks>
    /// Polled, never waited for inside the server: a session that waits for a lock holds a snapshot, and CREATE INDEX
    /// CONCURRENTLY waits for every older snapshot, so that the two would wait for each other.
    /// </remarks>
    public override async Task<bool> TryTakeAsync(CancellationToken cancellation)
    {
        await using var command = database.Npgsql.CreateCommand();
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
            database.JournalTable = $"{reader.GetString(1)}.{Journal.TableName}";
        }

        await database.ExecuteAsync(PostgresDatabase.WatchClient, cancellation);
        return true;
    }

    public override async Task<string?> DescribeHolderAsync(CancellationToken cancellation)
    {
        await using var command = database.Npgsql.CreateCommand();
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

    public override async Task VerifyAsync(CancellationToken cancellation)
    {
        await using var command = database.Npgsql.CreateCommand();
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
    public override async Task<bool> TryKeepAsync(CancellationToken cancellation)
    {
        await using var command = database.Npgsql.CreateCommand();
        command.CommandText = $"SELECT pg_catalog.pg_try_advisory_lock({LockKey})";
        return await command.ExecuteScalarAsync(cancellation) is true;
    }
}
