using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Buffkit.Migrations;

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
    private const string WatchClient =
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
                await using var import = await Npgsql.BeginTextImportAsync(statement.Text, cancellation);
                await import.WriteAsync(data.AsMemory(), cancellation);
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
        await using var batch = Npgsql.CreateBatch();
        TakeBegin(batch);
        batch.BatchCommands.Add(ToCommand(journalWrite));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync(cancellation);
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

    public override Task ResetSessionAsync(CancellationToken cancellation) =>
        ExecuteAsync("RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;" + WatchClient, cancellation);

    public override StatementKind KindOf(Statement statement)
    {
        var words = StatementWords.Leading(statement.Text, 4);
        return words switch
        {
            ["BEGIN", ..] or ["START", "TRANSACTION", ..] => StatementKind.Begin,
            ["COMMIT", "PREPARED", ..] or ["ROLLBACK", "PREPARED", ..] => StatementKind.Alone,
            ["COMMIT", ..] or ["END", ..] => StatementKind.Commit,
            ["ROLLBACK", "TO", ..] or ["ROLLBACK", "WORK" or "TRANSACTION", "TO", ..] => StatementKind.Data,
            ["ROLLBACK", ..] or ["ABORT", ..] => StatementKind.Rollback,
            ["SET", ..] or ["RESET", ..] or ["DISCARD", ..] or ["PREPARE", ..] or ["DEALLOCATE", ..] => StatementKind.Session,
            ["SELECT", "PG_CATALOG", "SET_CONFIG", ..] or ["SELECT", "SET_CONFIG", ..] => StatementKind.Session,
            ["VACUUM", ..] or ["CALL", ..] or ["REINDEX", "DATABASE" or "SYSTEM" or "SCHEMA", ..] => StatementKind.Alone,
            ["CREATE" or "DROP", "DATABASE" or "TABLESPACE", ..] or ["ALTER", "SYSTEM", ..] => StatementKind.Alone,
            ["CREATE" or "DROP" or "ALTER", "SUBSCRIPTION", ..] or ["CLUSTER"] => StatementKind.Alone,
            _ when Concurrently().IsMatch(statement.Text) => StatementKind.Alone,
            ["INSERT" or "UPDATE" or "DELETE" or "MERGE" or "SELECT" or "WITH" or "COPY" or "VALUES", ..] => StatementKind.Data,
            _ => StatementKind.Schema,
        };
    }

    /// <remarks>A CREATE INDEX CONCURRENTLY that was interrupted leaves an invalid index, which must go before it can run again.</remarks>
    public override async Task<bool> SettleAsync(Statement statement, string? fingerprint, CancellationToken cancellation)
    {
        if (CreateIndex().Match(statement.Text) is { Success: true } create)
        {
            var index = create.Groups["name"].Value;
            var table = create.Groups["table"].Value;
            var schema = table.Contains('.', StringComparison.Ordinal) ? table[..(table.LastIndexOf('.') + 1)] : "";
            return await IndexStateAsync(schema + index, cancellation) switch
            {
                true => true,
                false => await DropInvalidAsync(schema + index, cancellation),
                null => false,
            };
        }

        if (DropIndex().Match(statement.Text) is { Success: true } drop)
        {
            return await IndexStateAsync(drop.Groups["name"].Value, cancellation) is null;
        }

        return false;
    }

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
        if (BeginAtomic().IsMatch(statement.Text))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 0 });
        }

        return command;
    }

    private async Task<bool> DropInvalidAsync(string index, CancellationToken cancellation)
    {
        await ExecuteAsync($"DROP INDEX CONCURRENTLY IF EXISTS {index}", cancellation);
        return false;
    }

    /// <returns>Whether the index is valid; <see langword="null"/> if there is none.</returns>
    private async Task<bool?> IndexStateAsync(string name, CancellationToken cancellation)
    {
        await using var command = Npgsql.CreateCommand();
        command.CommandText = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(@name)";
        command.Parameters.AddWithValue("name", name);
        return await command.ExecuteScalarAsync(cancellation) as bool?;
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

    private const string Identifier = """(?:"(?:[^"]|"")+"|[\w$]+)""";

    [GeneratedRegex(@"\bBEGIN\s+ATOMIC\b", RegexOptions.IgnoreCase)]
    private static partial Regex BeginAtomic();

    [GeneratedRegex(@"^(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\b.*|ALTER\s+TABLE\b.*DETACH\s+PARTITION\b.*)\s+CONCURRENTLY\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Concurrently();

    [GeneratedRegex($@"^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?!ON\s)(?<name>{Identifier})\s+ON\s+(?:ONLY\s+)?(?<table>{Identifier}(?:\.{Identifier})?)", RegexOptions.IgnoreCase)]
    private static partial Regex CreateIndex();

    [GeneratedRegex($@"^DROP\s+INDEX\s+CONCURRENTLY\s+(?:IF\s+EXISTS\s+)?(?<name>{Identifier}(?:\.{Identifier})?)\s*(?:CASCADE|RESTRICT)?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex DropIndex();
}
