using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>Two named locks: the guard holds the runner's, the working session that of the work.</summary>
/// <remarks>
/// A server goes on with a statement whose client was killed: the next runner gets the first lock at once, and the second when
/// that statement has come to its end.
/// </remarks>
internal sealed class MySqlLock(MySqlDatabase database) : DatabaseLock
{
    private const string RunnerLock = "migrations:";
    private const string WorkLock = "migrations-work:";

    /// <summary>The server's limit for the name of a lock.</summary>
    private const int MaximumLockName = 64;

    private bool _guarded;

    public override async Task<bool> TryTakeAsync(CancellationToken cancellation)
    {
        _guarded = _guarded || await GetLockAsync(database.Guard, RunnerLock, TimeSpan.Zero, cancellation);
        if (!_guarded)
        {
            return false;
        }

        return await TryTakeWorkAsync(await database.OpenWorkingAsync(cancellation), TimeSpan.Zero, cancellation);
    }

    /// <summary>Takes the lock of the work for a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="wait">How long to wait for another that holds it, in whole seconds.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<bool> TryTakeWorkAsync(MySqlConnection session, TimeSpan wait, CancellationToken cancellation) =>
        GetLockAsync(session, WorkLock, wait, cancellation);

    public override async Task<string?> DescribeHolderAsync(CancellationToken cancellation)
    {
        await using var command = database.Guard.CreateCommand();
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

    private async Task<bool> GetLockAsync(MySqlConnection session, string prefix, TimeSpan wait, CancellationToken cancellation)
    {
        await using var command = session.CreateCommand();
        command.CommandText = $"SELECT GET_LOCK({LockName(prefix)}, {(int)wait.TotalSeconds})";
        // NULL for an error.
        return await command.ExecuteScalarAsync(cancellation) is { } got && got is not DBNull && Convert.ToInt64(got, provider: null) == 1;
    }

    /// <summary>Locks are the server's, not the database's, so the name holds the database's; hashed where that is too long.</summary>
    private string LockName(string prefix)
    {
        var schema = database.Schema;
        var name = prefix + schema;
        if (name.Length > MaximumLockName)
        {
            name = prefix + ScriptFile.ChecksumOf(schema)[..40];
        }

        return $"'{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
