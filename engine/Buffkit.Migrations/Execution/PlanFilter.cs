using DbUp.Engine;
using DbUp.Support;

namespace Buffkit.Migrations;

/// <summary>Chooses, of all scripts in order, those that a command runs. DbUp filters by it.</summary>
internal sealed class PlanFilter(Journal journal, MigrationTarget target) : IScriptFilter
{
    public IEnumerable<SqlScript> Filter(
        IEnumerable<SqlScript> sorted, HashSet<string> executedScriptNames, ScriptNameComparer comparer)
    {
        var candidates = sorted.Cast<MigrationScript>().Where(IsDue);
        if (target.Steps is { } steps)
        {
            return candidates.Take(steps);
        }

        return candidates;
    }

    private bool IsDue(MigrationScript script)
    {
        var entry = journal.Entries.GetValueOrDefault(script.Name);
        if (script.Direction == Direction.Down)
        {
            return script.Migration.Kind == ScriptKind.Versioned
                && entry is not null && (entry.State.IsApplied() || entry.State.IsDownward() || HasBegun(entry))
                && (target.To is not { } floor || script.Migration.Version.CompareTo(floor) > 0)
                && (target.Only is null || target.Only.Contains(script.Name));
        }

        if (target.Only is not null && !target.Only.Contains(script.Name))
        {
            return false;
        }

        if (script.Migration.Kind != ScriptKind.Versioned)
        {
            return target.To is null && (entry is null || !entry.State.IsApplied() || entry.Checksum != script.File.Checksum);
        }

        return entry?.State.IsApplied() != true
            && (target.To is not { } ceiling || script.Migration.Version.CompareTo(ceiling) <= 0);
    }

    /// <summary>Stopped on its way up with something done: in the plan, so that going down stops at it.</summary>
    private static bool HasBegun(JournalEntry entry) =>
        entry.State.IsHalfway() && (entry.StatementsDone > 0 || entry.StatementStarted > 0);
}
