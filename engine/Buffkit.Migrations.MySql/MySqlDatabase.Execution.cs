using MySqlConnector;

namespace Buffkit.Migrations.MySql;

/// <summary>How MySQL runs a script.</summary>
internal sealed partial class MySqlDatabase
{
    /// <summary>How long the server may take to end a session that was closed. It rolls back what was open.</summary>
    internal TimeSpan SessionEndWait { get; init; } = TimeSpan.FromMinutes(1);

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
        try
        {
            // The old session's end reaches the server a moment later. No other runner competes for this lock.
            if (!await WorkLock.TryTakeWorkAsync(session, SessionEndWait, cancellation))
            {
                throw new MigrationLockTimeoutException(
                    $"The server did not end the previous session within {SessionEndWait.TotalSeconds:0} s. Run again.");
            }
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        // Not before it holds the lock: nothing may run on a session that others do not wait for.
        _session = session;
    }
}
