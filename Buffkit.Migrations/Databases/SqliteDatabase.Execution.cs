using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Buffkit.Migrations;

/// <summary>How SQLite runs a script.</summary>
internal sealed partial class SqliteDatabase
{
    public override async Task ExecuteAsync(Statement statement, TimeSpan? timeout, CancellationToken cancellation)
    {
        using var limit = StatementLimit.Start(timeout, cancellation);
        limit.Token.ThrowIfCancellationRequested();
        await using var command = Sqlite.CreateCommand();
        command.CommandText = statement.Text;
        command.CommandTimeout = _busyTimeout;
        // The driver runs synchronously and its Cancel does nothing.
        await using var interrupt = limit.Token.Register(() => raw.sqlite3_interrupt(Sqlite.Handle!));
        try
        {
            await command.ExecuteNonQueryAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SqliteException { SqliteErrorCode: raw.SQLITE_INTERRUPT })
        {
            throw limit.IsOver
                ? limit.Exceeded(e)
                : new OperationCanceledException("The statement was cancelled.", e, cancellation);
        }
    }

    public override async Task BeginAsync(ScriptHeader header, CancellationToken cancellation)
    {
        await PrepareSessionAsync(header, cancellation);
        // At once as a writer: a transaction that starts by reading can fail later, when waiting no longer helps.
        await ExecuteAsync("BEGIN IMMEDIATE", cancellation);
    }

    public override Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation)
    {
        _busyTimeout = header.LockTimeout is { } timeout ? (int)Math.Max(1, Math.Ceiling(timeout.TotalSeconds)) : BusyTimeout;
        return Task.CompletedTask;
    }

    public override Task ResetSessionAsync(CancellationToken cancellation)
    {
        _busyTimeout = BusyTimeout;
        return ExecuteAsync($"PRAGMA foreign_keys = {(_foreignKeys ? "ON" : "OFF")}", cancellation);
    }

    public override StatementKind KindOf(Statement statement) => StatementWords.Leading(statement.Text, 3) switch
    {
        ["BEGIN", ..] => StatementKind.Begin,
        ["COMMIT", ..] or ["END", ..] => StatementKind.Commit,
        ["ROLLBACK", "TO", ..] or ["ROLLBACK", "TRANSACTION", "TO"] => StatementKind.Data,
        ["ROLLBACK", ..] => StatementKind.Rollback,
        ["PRAGMA", ..] => StatementKind.Session,
        ["VACUUM", ..] or ["ATTACH", ..] or ["DETACH", ..] => StatementKind.Alone,
        ["INSERT" or "UPDATE" or "DELETE" or "REPLACE" or "SELECT" or "WITH" or "VALUES", ..] => StatementKind.Data,
        _ => StatementKind.Schema,
    };

    public override async Task<string> DumpAsync(CancellationToken cancellation)
    {
        var dump = new StringBuilder();
        await using var command = Sqlite.CreateCommand();
        command.CommandText =
            $"""
            SELECT sql FROM sqlite_schema
            WHERE sql IS NOT NULL AND tbl_name NOT IN ('{Journal.TableName}', '{AdoptedJournal.TableName}', 'SchemaVersions', 'sqlite_sequence')
            ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, name
            """;
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            dump.Append(reader.GetString(0)).Append(";\n\n");
        }

        return dump.ToString().TrimEnd() + (dump.Length > 0 ? "\n" : "");
    }
}
