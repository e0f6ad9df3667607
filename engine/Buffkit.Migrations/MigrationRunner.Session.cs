using System.Data.Common;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What every command does before its own work: read, connect, lock, check.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>Doubles from here to the maximum, so that a short wait is short and a long one is no load.</summary>
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(500);

    /// <summary>How often a waiting runner says for whom it waits.</summary>
    private static readonly TimeSpan WaitReport = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ConnectRetry = TimeSpan.FromMilliseconds(500);

    private ScriptFolder ReadFolder()
    {
        options.Validate();
        var folder = ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine);
        var fatal = folder.Problems.Where(problem => problem is { IsError: true, Kind: not ProblemKind.MissingDown }).ToList();
        return fatal.Count == 0 ? folder : throw new MigrationValidationException(fatal);
    }

    /// <summary>Reads the folder, connects, locks and reads the journal.</summary>
    private async Task<(ScriptFolder Folder, MigrationDatabase Database, Journal Journal)> BeginAsync(CancellationToken cancellation)
    {
        var folder = ReadFolder();
        var database = await OpenAsync(readOnly: false, cancellation);
        try
        {
            var journal = new Journal(database, options.Who, time);
            await LockAsync(database, cancellation);
            await PrepareJournalAsync(database, journal, folder, cancellation);
            return (folder, database, journal);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private async Task<MigrationDatabase> OpenAsync(bool readOnly, CancellationToken cancellation)
    {
        options.Validate();
        var started = time.GetTimestamp();
        while (true)
        {
            var database = options.RequiredEngine.Open(options.ConnectionString, time);
            try
            {
                await database.OpenAsync(readOnly, cancellation);
                return database;
            }
            catch (DatabaseUnavailableException e) when (time.GetElapsedTime(started) < options.ConnectWait)
            {
                await database.DisposeAsync();
                LogNotThere(_logger, e.Message);
                await Task.Delay(ConnectRetry, time, cancellation);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }
    }

    private async Task LockAsync(MigrationDatabase database, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var reported = TimeSpan.Zero;
        var poll = FirstPoll;
        while (!await database.TryLockAsync(cancellation))
        {
            var waited = time.GetElapsedTime(started);
            if (options.LockWait != Timeout.InfiniteTimeSpan && waited >= options.LockWait)
            {
                throw new MigrationLockTimeoutException(
                    $"Another runner is at work on this database ({await HolderAsync()}). Waited {waited.TotalSeconds:0} s; see 'status', or wait longer with --lock-wait.");
            }

            if (waited - reported >= WaitReport)
            {
                reported = waited;
                LogWaiting(_logger, waited.TotalSeconds, await HolderAsync());
            }

            // Spread, so that many runners that started together do not ask together.
            await Task.Delay(poll * (0.5 + Random.Shared.NextDouble()), time, cancellation);
            poll = poll * 2 < LongestPoll ? poll * 2 : LongestPoll;
        }

        MigrationTelemetry.LockWaits.Record(time.GetElapsedTime(started).TotalSeconds);

        async Task<string> HolderAsync() => await database.DescribeLockHolderAsync(cancellation) ?? "the server does not say who";
    }

    /// <summary>Reads the journal under the lock; creates it where there is none, with what DbUp's own journal lists.</summary>
    private async Task PrepareJournalAsync(
        MigrationDatabase database, Journal journal, ScriptFolder folder, CancellationToken cancellation)
    {
        // An empty journal may be one whose creator died before it had taken over DbUp's.
        if (await journal.ReadAsync(cancellation) && journal.Entries.Count > 0)
        {
            await journal.CheckWritableAsync(cancellation);
            return;
        }

        var adopted = await AdoptedJournal.ReadAsync(database, folder.Migrations, cancellation);
        // What it takes over appears at once, or a crash between would let some of it run again.
        if (database.HasTransactionalDdl)
        {
            await database.ExecuteAsync("BEGIN", cancellation);
        }

        try
        {
            await database.ExecuteAsync(database.CreateJournalSql, cancellation);
        }
        catch (DbException e) when (database.TroubleOf(e) is not JournalTrouble.None and var trouble)
        {
            throw journal.Trouble(trouble, "create", e);
        }

        if (!database.HasTransactionalDdl)
        {
            await database.ExecuteAsync("START TRANSACTION", cancellation);
        }

        foreach (var entry in adopted)
        {
            await journal.WriteAsync(entry, database.Session, cancellation);
        }

        await database.ExecuteAsync("COMMIT", cancellation);
        await journal.CheckWritableAsync(cancellation);
        if (adopted.Count > 0)
        {
            LogAdopted(_logger, adopted.Count, AdoptedJournal.TableName);
        }
    }

    private MigrationEngineRun Run(
        MigrationDatabase database,
        Journal journal,
        IReadOnlyList<Migration> migrations,
        Direction direction,
        MigrationTarget target,
        CancellationToken cancellation) =>
        new(new RunContext(database, journal, _logger, time, options), migrations, direction, target, cancellation);

    [LoggerMessage(4, LogLevel.Information, "Waiting for another runner since {Seconds:0} s: {Holder}.")]
    private static partial void LogWaiting(ILogger logger, double seconds, string holder);

    [LoggerMessage(6, LogLevel.Information, "{Count} entries taken over from {Table}.")]
    private static partial void LogAdopted(ILogger logger, int count, string table);

    [LoggerMessage(7, LogLevel.Information, "Waiting for the server: {Reason}")]
    private static partial void LogNotThere(ILogger logger, string reason);
}
