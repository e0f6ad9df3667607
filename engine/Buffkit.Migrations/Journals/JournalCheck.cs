namespace Buffkit.Migrations;

/// <summary>Where the scripts and the journal do not agree.</summary>
internal static class JournalCheck
{
    public static IEnumerable<ScriptProblem> Check(ScriptFolder folder, Journal journal)
    {
        var known = folder.Migrations.Concat(folder.Seeds).ToDictionary(migration => migration.Name, StringComparer.OrdinalIgnoreCase);
        var renamed = RenamedMigrations.Find(folder, journal).ToDictionary(pair => pair.Entry, pair => pair.Migration);
        foreach (var entry in journal.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var migration = known.GetValueOrDefault(entry.Name);
            if (renamed.TryGetValue(entry, out var newName))
            {
                yield return RenamedMigrations.Problem(entry, newName);
            }
            else if (migration?.Up is null && entry.State != MigrationState.Reverted && entry.Kind != JournalEntry.AdoptedKind)
            {
                yield return ScriptProblem.Error(
                    ProblemKind.MissingFile,
                    entry.Name,
                    "It was applied, and its file is gone. Bring the file back, or run 'repair' to forget it.");
            }
            else if (migration?.Up is { } up && Changed(entry, up))
            {
                yield return ScriptProblem.Error(
                    ProblemKind.Changed,
                    up.Path,
                    $"It changed after it was applied at {entry.At:yyyy-MM-dd HH:mm:ss}Z. Undo the change and put it into a new migration, or run 'repair' to accept it as it is.");
            }

            if (entry.State.IsHalfway())
            {
                yield return ScriptProblem.Error(ProblemKind.HalfApplied, entry.Name, Halfway(entry));
            }
        }

        foreach (var late in OutOfOrder(folder, journal))
        {
            yield return late;
        }
    }

    /// <summary>Pending migrations that are older than the newest applied one, unless an applied one waited for them.</summary>
    public static IEnumerable<ScriptProblem> OutOfOrder(ScriptFolder folder, Journal journal)
    {
        var versioned = folder.Migrations.Where(migration => migration is { Kind: ScriptKind.Versioned, Up: not null }).ToList();
        var last = versioned.FindLastIndex(migration => journal.Entries.GetValueOrDefault(migration.Name)?.State.IsApplied() == true);
        for (var i = 0; i < last; i++)
        {
            var state = journal.Entries.GetValueOrDefault(versioned[i].Name)?.State ?? MigrationState.Pending;
            if (!state.IsApplied() && !state.IsHalfway())
            {
                yield return ScriptProblem.Error(
                    ProblemKind.OutOfOrder,
                    versioned[i].Up!.Path,
                    $"It is pending, but {versioned[last].Name}, which comes after it, is applied. Give it a newer number, or run 'up --out-of-order'.");
            }
        }
    }

    /// <summary>Only once applied versioned scripts are settled; a repeatable one or a seed may change, and a failed one should.</summary>
    public static bool Changed(JournalEntry entry, ScriptFile file) =>
        file.Name.Kind == ScriptKind.Versioned && entry.State.IsApplied()
        && entry.Checksum is { } checksum && checksum != file.Checksum;

    public static string Halfway(JournalEntry entry)
    {
        var way = entry.State.IsDownward() ? "down" : "up";
        var where = entry.StatementStarted > entry.StatementsDone
            ? $"{entry.StatementsDone} of {entry.StatementsTotal} statements are done and statement {entry.StatementStarted} was under way"
            : $"{entry.StatementsDone} of {entry.StatementsTotal} statements are done";
        return $"It stopped on its way {way}: {where}.{(entry.Error is { } error ? $" {error}" : "")} Run '{way}' to go on, or 'repair'.";
    }
}
