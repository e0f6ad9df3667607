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
        var folder = ScriptFolder.Read(options.ScriptsPath, options.Engine);
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
            var database = MigrationDatabase.Create(options);
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
            return;
        }

        var adopted = await AdoptedJournal.ReadAsync(database, folder.Migrations, cancellation);
        // What it takes over appears at once, or a crash between would let some of it run again.
        if (database.HasTransactionalDdl)
        {
            await database.ExecuteAsync("BEGIN", cancellation);
        }

        await database.ExecuteAsync(database.CreateJournalSql, cancellation);
        if (!database.HasTransactionalDdl)
        {
            await database.ExecuteAsync("START TRANSACTION", cancellation);
        }

        foreach (var entry in adopted)
        {
            await journal.WriteAsync(entry, database.Session, cancellation);
        }

        await database.ExecuteAsync("COMMIT", cancellation);
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

    private static MigrationTarget Target(ScriptFolder folder, string? to, int? steps, bool allowZero = false)
    {
        if (steps is < 1)
        {
            throw new MigrationConfigurationException("--steps must be at least 1.");
        }

        if (to is null)
        {
            return new MigrationTarget(Steps: steps);
        }

        // What an unset variable of a script leaves behind; taken for zero it would undo everything.
        if (string.IsNullOrWhiteSpace(to))
        {
            throw new MigrationConfigurationException("--to is empty. Name a migration or its number, or leave --to out.");
        }

        if (allowZero && to.All(digit => digit == '0'))
        {
            return new MigrationTarget(new ScriptVersion("0"), steps);
        }

        var found = folder.Migrations.Where(migration => migration.Kind == ScriptKind.Versioned && migration.IsNamed(to)).ToList();
        return found switch
        {
            [var one] => new MigrationTarget(one.Version, steps),
            [] => throw new MigrationConfigurationException($"No migration is named or numbered '{to}'. 'status' lists them."),
            _ => throw new MigrationConfigurationException($"'{to}' is the name of {Join(found.Select(m => m.Name))}. Write the full name."),
        };
    }

    private void CheckBeforeUp(
        ScriptFolder folder, Journal journal, IReadOnlyList<MigrationScript> plan, bool outOfOrder)
    {
        var problems = JournalCheck.Check(folder, journal).ToList();
        foreach (var missing in problems.Where(problem => problem.Kind == ProblemKind.MissingFile))
        {
            // An older release meets a newer database in every roll-back; that alone is no reason not to start.
            LogMissing(_logger, missing.Script);
        }

        var planned = plan.Select(script => script.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var fatal = problems.Where(problem => problem.Kind == ProblemKind.Changed).ToList();
        if (!outOfOrder)
        {
            fatal.AddRange(problems.Where(problem => problem.Kind == ProblemKind.OutOfOrder
                && plan.Any(script => script.File.Path == problem.Script)));
        }

        foreach (var script in plan)
        {
            if (journal.Entries.GetValueOrDefault(script.Name)?.State.IsDownward() == true)
            {
                fatal.Add(ScriptProblem.Error(
                    ProblemKind.HalfApplied, script.Name, "It was being undone when that stopped. Finish with 'down', or mend the schema by hand and run 'repair'."));
            }

            fatal.AddRange(folder.Migrations
                .Where(needed => script.Migration.Depends.Any(needed.IsNamed) && needed.Up is not null
                    && !planned.Contains(needed.Name)
                    && journal.Entries.GetValueOrDefault(needed.Name)?.State.IsApplied() != true)
                .Select(needed => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.File.Path, $"It depends on {needed.Name}, which would not be applied. Go further with --to, or without it.")));
        }

        ThrowIfAny(fatal);
    }

    private static void CheckBeforeDown(ScriptFolder folder, Journal journal, IReadOnlyList<MigrationScript> plan)
    {
        // Before anything is undone: half of the way down is worse than none.
        if (plan.FirstOrDefault(script => script.Migration.Down is null) is { } stuck)
        {
            throw new MigrationConfigurationException(stuck.File.Header.Irreversible is { } reason
                ? $"{stuck.Name} is irreversible: {reason}"
                : $"{stuck.Name} has no .down.sql, so there is no way down past it.");
        }

        var planned = plan.Select(script => script.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var fatal = new List<ScriptProblem>();
        foreach (var script in plan)
        {
            var entry = journal.Entries[script.Name];
            if (entry.State.IsHalfway() && !entry.State.IsDownward())
            {
                fatal.Add(ScriptProblem.Error(ProblemKind.HalfApplied, script.Name, JournalCheck.Halfway(entry)));
            }

            fatal.AddRange(folder.Migrations
                .Where(other => other.Depends.Any(script.Migration.IsNamed) && !planned.Contains(other.Name)
                    && other.Kind == ScriptKind.Versioned
                    && journal.Entries.GetValueOrDefault(other.Name)?.State.IsApplied() == true)
                .Select(other => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.Name, $"{other.Name} depends on it and would stay. Go further down.")));
        }

        // An applied migration whose file is gone may be the newest one: undoing what lies beneath it would be wrong.
        fatal.AddRange(JournalCheck.Check(folder, journal).Where(problem => problem.Kind == ProblemKind.MissingFile
            && plan.Any(script => IsNewer(journal.Entries[problem.Script], script.Migration))));
        ThrowIfAny(fatal);
    }

    private static bool IsNewer(JournalEntry entry, Migration migration) =>
        entry.Version is { } version && new ScriptVersion(version).CompareTo(migration.Version) > 0;

    private static void ThrowIfAny(List<ScriptProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new MigrationValidationException(problems);
        }
    }

    [LoggerMessage(4, LogLevel.Information, "Waiting for another runner since {Seconds:0} s: {Holder}.")]
    private static partial void LogWaiting(ILogger logger, double seconds, string holder);

    [LoggerMessage(5, LogLevel.Warning, "{Migration} was applied, but its file is not here. Is this an older release?")]
    private static partial void LogMissing(ILogger logger, string migration);

    [LoggerMessage(6, LogLevel.Information, "{Count} entries taken over from {Table}.")]
    private static partial void LogAdopted(ILogger logger, int count, string table);

    [LoggerMessage(7, LogLevel.Information, "Waiting for the server: {Reason}")]
    private static partial void LogNotThere(ILogger logger, string reason);
}
