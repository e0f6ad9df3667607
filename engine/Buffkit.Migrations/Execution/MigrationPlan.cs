namespace Buffkit.Migrations;

/// <summary>The scripts that a command runs, in order: chosen once, from the folder, the journal, and how far the command goes.</summary>
internal sealed class MigrationPlan
{
    private readonly HashSet<string> _names;

    private MigrationPlan(IReadOnlyList<MigrationScript> scripts)
    {
        Scripts = scripts;
        _names = scripts.Select(script => script.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    public IReadOnlyList<MigrationScript> Scripts { get; }

    public bool IsEmpty => Scripts.Count == 0;

    /// <param name="migrations">In the order in which they run.</param>
    /// <param name="journal">What has been applied.</param>
    /// <param name="target">How far to go.</param>
    public static MigrationPlan Up(IEnumerable<Migration> migrations, Journal journal, MigrationTarget target) => new(Take(
        target,
        from migration in migrations
        where migration.Up is not null && IsDue(migration, journal.Entries.GetValueOrDefault(migration.Name), target)
        select new MigrationScript(migration, migration.Up!, Direction.Up)));

    /// <inheritdoc cref="Up"/>
    /// <remarks>The last first. One without a way down still stands in the plan, so that the command stops at it instead of passing it by.</remarks>
    public static MigrationPlan Down(IEnumerable<Migration> migrations, Journal journal, MigrationTarget target) => new(Take(
        target,
        from migration in migrations.Reverse()
        where migration is { Kind: ScriptKind.Versioned, Up: not null }
            && journal.Entries.GetValueOrDefault(migration.Name) is { } entry && IsThere(entry)
            && (target.To is not { } floor || migration.Version.CompareTo(floor) > 0)
        select new MigrationScript(migration, migration.Down ?? migration.Up!, Direction.Down)));

    public bool Holds(string name) => _names.Contains(name);

    private static IReadOnlyList<MigrationScript> Take(MigrationTarget target, IEnumerable<MigrationScript> scripts) =>
        [.. target.Steps is { } steps ? scripts.Take(steps) : scripts];

    private static bool IsDue(Migration migration, JournalEntry? entry, MigrationTarget target)
    {
        if (target.Only is not null && !target.Only.Contains(migration.Name))
        {
            return false;
        }

        if (migration.Kind != ScriptKind.Versioned)
        {
            return target.To is null && (entry is null || !entry.State.IsApplied() || entry.Checksum != migration.Up!.Checksum);
        }

        return entry?.State.IsApplied() != true
            && (target.To is not { } ceiling || migration.Version.CompareTo(ceiling) <= 0);
    }

    /// <summary>Also what stopped on its way up with something done: it is in the plan, so that going down stops at it.</summary>
    private static bool IsThere(JournalEntry entry) =>
        entry.State.IsApplied() || entry.State.IsDownward()
        || (entry.State.IsHalfway() && (entry.StatementsDone > 0 || entry.StatementStarted > 0));
}
