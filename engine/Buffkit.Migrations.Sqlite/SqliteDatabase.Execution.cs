using System.Data.Common;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Buffkit.Migrations.Sqlite;

/// <summary>How SQLite runs a script.</summary>
internal sealed partial class SqliteDatabase
{
    /// <summary>How long a statement waits for another writer, unless the script says otherwise.</summary>
    private static readonly TimeSpan DefaultLockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The driver tries again by itself, every 150 ms, asleep and deaf to cancellation; a negative limit keeps it from that.</summary>
    private const int OneAttempt = -1;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMilliseconds(100);

    private TimeSpan _lockTimeout = DefaultLockTimeout;

    public override async Task ExecuteAsync(Statement statement, TimeSpan? timeout, CancellationToken cancellation)
    {
        using var limit = StatementLimit.Start(timeout, cancellation);
        limit.Token.ThrowIfCancellationRequested();
        await using var command = Sqlite.CreateCommand();
        command.CommandText = statement.Text;
        // The driver runs synchronously and its Cancel does nothing.
        await using var interrupt = limit.Token.Register(() => raw.sqlite3_interrupt(Sqlite.Handle!));
        try
        {
            await ExecuteAsync(command, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SqliteException { SqliteErrorCode: raw.SQLITE_INTERRUPT })
        {
            throw limit.IsOver
                ? limit.Exceeded(e)
                : new OperationCanceledException("The statement was cancelled.", e, cancellation);
        }
    }

    /// <remarks>A statement that met another writer has done nothing, and a COMMIT that did leaves its transaction open: both can be tried again.</remarks>
    public override async Task ExecuteAsync(DbCommand command, CancellationToken cancellation)
    {
        command.CommandTimeout = OneAttempt;
        var started = time.GetTimestamp();
        for (var pause = FirstRetry; ; pause = pause * 2 < LongestRetry ? pause * 2 : LongestRetry)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                await command.ExecuteNonQueryAsync(cancellation);
                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
                && time.GetElapsedTime(started) < _lockTimeout)
            {
                await Task.Delay(pause, time, cancellation);
            }
        }
    }

    public override async Task BeginAsync(ScriptHeader header, CancellationToken cancellation)
    {
        await PrepareSessionAsync(header, cancellation);
        // At once as a writer: a transaction that starts by reading can fail later, when waiting no longer helps.
        await ExecuteAsync("BEGIN IMMEDIATE", cancellation);
    }

    /// <remarks>A commit waits for readers of the file; until it succeeds it can be given up.</remarks>
    public override async Task CommitAsync(DbCommand journalWrite, CancellationToken cancellation)
    {
        await ExecuteAsync(journalWrite, cancellation);
        await ExecuteAsync("COMMIT", cancellation);
    }

    public override Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation)
    {
        _lockTimeout = header.LockTimeout ?? DefaultLockTimeout;
        return Task.CompletedTask;
    }

    /// <remarks>By a new session: nothing else knows all that a PRAGMA can set. One in memory would be lost with its session.</remarks>
    public override async Task ResetSessionAsync(CancellationToken cancellation)
    {
        _lockTimeout = DefaultLockTimeout;
        if (_file is null)
        {
            await ExecuteAsync($"PRAGMA foreign_keys = {(_foreignKeys ? "ON" : "OFF")}", cancellation);
            return;
        }

        if (_session is { } old)
        {
            _session = null;
            await old.DisposeAsync();
        }

        _session = await OpenSessionAsync(cancellation);
    }

    public override async Task ResetTrialAsync(CancellationToken cancellation)
    {
        while (await ScalarAsync(
            "SELECT printf('DROP %s temp.\"%w\"', type, name) FROM sqlite_temp_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%' LIMIT 1",
            cancellation) is string drop)
        {
            await ExecuteAsync(drop, cancellation);
        }
    }

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
