using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Buffkit.Migrations.Postgres;

/// <summary>How PostgreSQL runs a script.</summary>
internal sealed partial class PostgresDatabase
{
    private const string QueryCanceled = "57014";

    /// <summary>What begins the transaction, while it has not been sent.</summary>
    private string[] _begin = [];

    /// <summary>What ends the transaction together with the next statement.</summary>
    private NpgsqlBatchCommand[] _commit = [];

    /// <summary>
    /// Lets the server notice during a long statement that its client was killed, which frees the lock sooner. Since
    /// PostgreSQL 14; servers on some systems do not have it and would refuse.
    /// </summary>
    public const string WatchClient =
        """
        SELECT set_config('client_connection_check_interval', '2s', false)
        WHERE current_setting('server_version_num')::integer >= 140000 AND version() LIKE '%linux%'
        """;

    public override async Task ExecuteAsync(Statement statement, TimeSpan? timeout, CancellationToken cancellation)
    {
        // The server keeps the time itself, see Timeouts.
        _ = timeout;
        try
        {
            if (statement.CopyData is { } data)
            {
                await SendBeginAsync(cancellation);
                await CopyOrCancelAsync(statement.Text, data, cancellation);
                return;
            }

            await using var batch = Npgsql.CreateBatch();
            TakeBegin(batch);
            batch.BatchCommands.Add(ToCommand(statement));
            foreach (var command in _commit)
            {
                batch.BatchCommands.Add(command);
            }

            _commit = [];
            await batch.ExecuteNonQueryAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState == QueryCanceled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellation);
        }
    }

    /// <remarks>Sent with the first statement: a thousand small migrations spend most of their time on the way to the server.</remarks>
    public override Task BeginAsync(ScriptHeader header, CancellationToken cancellation)
    {
        _begin = ("BEGIN" + Timeouts(header, "SET LOCAL")).Split(';');
        return Task.CompletedTask;
    }

    /// <remarks>
    /// If the statement fails, the server leaves out what was sent after it. How long the statement takes is not known
    /// yet, so the server writes the times.
    /// </remarks>
    public override bool TryCommitWithNext(DbCommand journalWrite)
    {
        var write = ToCommand(journalWrite);
        write.CommandText = write.CommandText
            .Replace("@applied_at", "clock_timestamp()", StringComparison.Ordinal)
            .Replace("@duration_ms", "(extract(epoch FROM clock_timestamp() - transaction_timestamp()) * 1000)::bigint", StringComparison.Ordinal);
        _commit = [write, new NpgsqlBatchCommand("COMMIT")];
        return true;
    }

    /// <summary>The last statements of a transaction, sent together for the same reason.</summary>
    public override async Task CommitAsync(DbCommand journalWrite, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await using var batch = Npgsql.CreateBatch();
        TakeBegin(batch);
        batch.BatchCommands.Add(ToCommand(journalWrite));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public override async Task RollbackAsync()
    {
        _commit = [];
        if (_begin.Length > 0)
        {
            // The server has not heard of it.
            _begin = [];
            return;
        }

        await ExecuteAsync("ROLLBACK", CancellationToken.None);
    }

    public override Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation) =>
        Timeouts(header, "SET") is { Length: > 0 } settings ? ExecuteAsync(settings[1..], cancellation) : Task.CompletedTask;

    /// <remarks>All that DISCARD ALL takes back, without the advisory locks.</remarks>
    public override Task ResetSessionAsync(CancellationToken cancellation) =>
        ExecuteAsync(ResetSettings + "CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; DISCARD SEQUENCES;" + WatchClient, cancellation);

    public override Task ResetSettingsAsync(CancellationToken cancellation) =>
        ExecuteAsync(ResetSettings + WatchClient, cancellation);

    public override Task ResetTrialAsync(CancellationToken cancellation) =>
        ExecuteAsync(ResetSettings + "CLOSE ALL; DEALLOCATE ALL; DISCARD TEMP", cancellation);

    private static NpgsqlBatchCommand ToCommand(DbCommand command)
    {
        var copy = new NpgsqlBatchCommand(command.CommandText);
        foreach (NpgsqlParameter parameter in command.Parameters)
        {
            copy.Parameters.Add(parameter.Clone());
        }

        return copy;
    }

    private void TakeBegin(NpgsqlBatch batch)
    {
        foreach (var sql in _begin)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        }

        _begin = [];
    }

    private async Task SendBeginAsync(CancellationToken cancellation)
    {
        if (_begin.Length > 0)
        {
            var sql = string.Join(';', _begin);
            _begin = [];
            await ExecuteAsync(sql, cancellation);
        }
    }

    /// <remarks>
    /// Npgsql looks for semicolons in statements and does not know BEGIN ATOMIC. It leaves a statement alone that has a
    /// positional parameter, and the server does not mind one that is not used.
    /// </remarks>
    private static NpgsqlBatchCommand ToCommand(Statement statement)
    {
        var command = new NpgsqlBatchCommand(statement.Text);
        if (BeginAtomic().IsMatch(statement.Bare))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 0 });
        }

        return command;
    }

    private static string Timeouts(ScriptHeader header, string set)
    {
        var settings = "";
        if (header.LockTimeout is { } wait)
        {
            settings += $";{set} lock_timeout = {Milliseconds(wait)}";
        }

        if (header.StatementTimeout is { } run)
        {
            settings += $";{set} statement_timeout = {Milliseconds(run)}";
        }

        return settings;
    }

    private static string Milliseconds(TimeSpan duration) =>
        Math.Max(1, (long)duration.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    private const string ResetSettings = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;";

    [GeneratedRegex(@"\bBEGIN ATOMIC\b", RegexOptions.IgnoreCase)]
    private static partial Regex BeginAtomic();
}
