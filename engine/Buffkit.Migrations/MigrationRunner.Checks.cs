using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>What must be right before anything is run or undone.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>What keeps the plan from being run.</summary>
    private static List<ScriptProblem> ProblemsBeforeUp(
        ScriptFolder folder, Journal journal, IReadOnlyList<MigrationScript> plan, bool outOfOrder)
    {
        var problems = JournalCheck.Check(folder, journal).ToList();
        var planned = plan.Select(script => script.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var fatal = problems.Where(problem => problem.Kind is ProblemKind.Changed or ProblemKind.Renamed).ToList();
        if (!outOfOrder)
        {
            var paths = plan.Select(script => script.File.Path).ToHashSet(StringComparer.Ordinal);
            fatal.AddRange(problems.Where(problem => problem.Kind == ProblemKind.OutOfOrder && paths.Contains(problem.Script)));
        }

        var names = new MigrationNames(folder.Migrations);
        foreach (var script in plan)
        {
            if (journal.Entries.GetValueOrDefault(script.Name)?.State.IsDownward() == true)
            {
                fatal.Add(ScriptProblem.Error(
                    ProblemKind.HalfApplied, script.Name, "It was being undone when that stopped. Finish with 'down', or mend the schema by hand and run 'repair'."));
            }

            fatal.AddRange(script.Migration.Depends.SelectMany(names.Find).Distinct()
                .Where(needed => needed.Up is not null
                    && !planned.Contains(needed.Name)
                    && journal.Entries.GetValueOrDefault(needed.Name)?.State.IsApplied() != true)
                .Select(needed => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.File.Path, $"It depends on {needed.Name}, which would not be applied. Go further with --to, or without it.")));
        }

        return fatal;
    }

    private void WarnOfMissingFiles(ScriptFolder folder, Journal journal)
    {
        foreach (var missing in JournalCheck.Check(folder, journal).Where(problem => problem.Kind == ProblemKind.MissingFile))
        {
            // An older release meets a newer database in every roll-back; that alone is no reason not to start.
            LogMissing(_logger, missing.Script);
        }
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
        var names = new MigrationNames(folder.Migrations);
        var dependents = folder.Migrations
            .SelectMany(other => other.Depends.SelectMany(names.Find).Distinct(), (other, needed) => (Needed: needed, Dependent: other))
            .ToLookup(pair => pair.Needed, pair => pair.Dependent);
        foreach (var script in plan)
        {
            var entry = journal.Entries[script.Name];
            if (entry.State.IsHalfway() && !entry.State.IsDownward())
            {
                fatal.Add(ScriptProblem.Error(ProblemKind.HalfApplied, script.Name, JournalCheck.Halfway(entry)));
            }

            fatal.AddRange(dependents[script.Migration]
                .Where(other => !planned.Contains(other.Name)
                    && other.Kind == ScriptKind.Versioned
                    && journal.Entries.GetValueOrDefault(other.Name)?.State.IsApplied() == true)
                .Select(other => ScriptProblem.Error(
                    ProblemKind.MissingDependency, script.Name, $"{other.Name} depends on it and would stay. Go further down.")));
        }

        // An applied migration whose file is gone may be the newest one: undoing what lies beneath it would be wrong.
        // One that was renamed has its place in the order again only when its row has the new name.
        fatal.AddRange(JournalCheck.Check(folder, journal).Where(problem => problem.Kind == ProblemKind.Renamed
            || (problem.Kind == ProblemKind.MissingFile && plan.Any(script => IsNewer(journal.Entries[problem.Script], script.Migration)))));
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

    [LoggerMessage(5, LogLevel.Warning, "{Migration} was applied, but its file is not here. Is this an older release?")]
    private static partial void LogMissing(ILogger logger, string migration);
}
