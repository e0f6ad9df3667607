using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Applies what is pending.</summary>
internal sealed partial class UpCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync(UpRequest request, CancellationToken cancellation)
    {
        using var activity = MigrationTelemetry.Source.StartActivity("migrations up");
        var folder = RunnerSession.ReadFolder(services.Options);
        var target = MigrationTarget.Of(folder, request.To, request.Steps);
        await using var session = await RunnerSession.OpenAsync(services, folder, readOnly: false, cancellation);

        // One statement tells a database that is up to date, and nobody has to wait for a lock to hear it. Anything else
        // may be the work of a runner that is under way, and counts only once that one has ended.
        if (await session.TryReadJournalAsync(cancellation)
            && MigrationPlan.Up(folder.Migrations, session.Journal, target) is { IsEmpty: true } nothing
            && Problems(session, nothing, request.OutOfOrder).Count == 0)
        {
            WarnOfMissingFiles(session);
            LogUpToDate(services.Logger);
            return [];
        }

        await session.LockAsync(cancellation);
        var plan = MigrationPlan.Up(folder.Migrations, session.Journal, target);
        MigrationValidationException.ThrowIfAny(Problems(session, plan, request.OutOfOrder));
        WarnOfMissingFiles(session);
        var completed = await session.Run(plan, cancellation).RunAsync();
        LogApplied(services.Logger, completed.Count);
        return completed;
    }

    /// <summary>What keeps a plan from being run.</summary>
    public static List<ScriptProblem> Problems(RunnerSession session, MigrationPlan plan, bool outOfOrder)
    {
        var fatal = session.Disagreements.Where(problem => problem.Kind is ProblemKind.Changed or ProblemKind.Renamed).ToList();
        if (!outOfOrder)
        {
            var paths = plan.Scripts.Select(script => script.File.Path).ToHashSet(StringComparer.Ordinal);
            fatal.AddRange(session.Disagreements.Where(problem => problem.Kind == ProblemKind.OutOfOrder && paths.Contains(problem.Script)));
        }

        var names = new MigrationNames(session.Folder.Migrations);
        var entries = session.Journal.Entries;
        foreach (var script in plan.Scripts)
        {
            if (entries.GetValueOrDefault(script.Name)?.State.IsDownward() == true)
            {
                fatal.Add(ScriptProblem.Error(
                    ProblemKind.HalfApplied, script.Name, "It was being undone when that stopped. Finish with 'down', or mend the schema by hand and run 'repair'."));
            }

            fatal.AddRange(script.Migration.Depends.SelectMany(names.Find).Distinct()
                .Where(needed => needed.Up is not null
                    && !plan.Holds(needed.Name)
                    && entries.GetValueOrDefault(needed.Name)?.State.IsApplied() != true)
                .Select(needed => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.File.Path, $"It depends on {needed.Name}, which would not be applied. Go further with --to, or without it.")));
        }

        return fatal;
    }

    private void WarnOfMissingFiles(RunnerSession session)
    {
        foreach (var missing in session.Disagreements.Where(problem => problem.Kind == ProblemKind.MissingFile))
        {
            // An older release meets a newer database in every roll-back; that alone is no reason not to start.
            LogMissing(services.Logger, missing.Script);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The schema is up to date.")]
    private static partial void LogUpToDate(ILogger logger);

    [LoggerMessage(2, LogLevel.Information, "{Count} migrations applied; the schema is up to date.")]
    private static partial void LogApplied(ILogger logger, int count);

    [LoggerMessage(5, LogLevel.Warning, "{Migration} was applied, but its file is not here. Is this an older release?")]
    private static partial void LogMissing(ILogger logger, string migration);
}
