using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Undoes what is applied, the last first.</summary>
internal sealed partial class DownCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync(DownRequest request, CancellationToken cancellation)
    {
        using var activity = MigrationTelemetry.Source.StartActivity("migrations down");
        await using var session = await RunnerSession.OpenLockedAsync(services, cancellation);
        return await UndoAsync(session, request, cancellation);
    }

    /// <summary>Undoes migrations in a session that is open.</summary>
    public async Task<IReadOnlyList<CompletedMigration>> UndoAsync(RunnerSession session, DownRequest request, CancellationToken cancellation)
    {
        var target = request.To is null
            ? MigrationTarget.Of(session.Folder, null, request.Steps ?? 1)
            : MigrationTarget.Of(session.Folder, request.To, request.Steps, allowZero: true);
        var plan = MigrationPlan.Down(session.Folder.Migrations, session.Journal, target);
        Check(session, plan);
        var completed = await session.Run(plan, cancellation).RunAsync();
        LogReverted(services.Logger, completed.Count);
        return completed;
    }

    /// <summary>Before anything is undone: half of the way down is worse than none.</summary>
    private static void Check(RunnerSession session, MigrationPlan plan)
    {
        if (plan.Scripts.FirstOrDefault(script => script.Migration.Down is null) is { } stuck)
        {
            throw new MigrationConfigurationException(stuck.File.Header.Irreversible is { } reason
                ? $"{stuck.Name} is irreversible: {reason}"
                : $"{stuck.Name} has no .down.sql, so there is no way down past it.");
        }

        var entries = session.Journal.Entries;
        var fatal = new List<ScriptProblem>();
        var names = new MigrationNames(session.Folder.Migrations);
        var dependents = session.Folder.Migrations
            .SelectMany(other => other.Depends.SelectMany(names.Find).Distinct(), (other, needed) => (Needed: needed, Dependent: other))
            .ToLookup(pair => pair.Needed, pair => pair.Dependent);
        foreach (var script in plan.Scripts)
        {
            var entry = entries[script.Name];
            if (entry.State.IsHalfway() && !entry.State.IsDownward())
            {
                fatal.Add(ScriptProblem.Error(ProblemKind.HalfApplied, script.Name, JournalCheck.Halfway(entry)));
            }

            fatal.AddRange(dependents[script.Migration]
                .Where(other => !plan.Holds(other.Name)
                    && other.Kind == ScriptKind.Versioned
                    && entries.GetValueOrDefault(other.Name)?.State.IsApplied() == true)
                .Select(other => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.Name, $"{other.Name} depends on it and would stay. Go further down.")));
        }

        // An applied migration whose file is gone may be the newest one: undoing what lies beneath it would be wrong.
        // One that was renamed has its place in the order again only when its row has the new name.
        fatal.AddRange(session.Disagreements.Where(problem => problem.Kind == ProblemKind.Renamed
            || (problem.Kind == ProblemKind.MissingFile && plan.Scripts.Any(script => IsNewer(entries[problem.Script], script.Migration)))));
        MigrationValidationException.ThrowIfAny(fatal);
    }

    private static bool IsNewer(JournalEntry entry, Migration migration) =>
        entry.Version is { } version && new ScriptVersion(version).CompareTo(migration.Version) > 0;

    [LoggerMessage(3, LogLevel.Information, "{Count} migrations undone.")]
    private static partial void LogReverted(ILogger logger, int count);
}
