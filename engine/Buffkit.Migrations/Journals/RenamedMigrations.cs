namespace Buffkit.Migrations;

/// <summary>Pending files that are applied ones under another name: they would run a second time.</summary>
internal static class RenamedMigrations
{
    /// <summary>Finds, for rows of the journal whose files are gone, the pending files of the same checksum.</summary>
    public static IReadOnlyList<(JournalEntry Entry, Migration Migration)> Find(ScriptFolder folder, Journal journal)
    {
        var names = folder.Migrations.Concat(folder.Seeds)
            .Where(migration => migration.Up is not null)
            .Select(migration => migration.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var gone = journal.Entries.Values
            .Where(entry => entry is { Version: not null, Checksum: not null } && HasRun(entry) && !names.Contains(entry.Name))
            .OrderBy(entry => new ScriptVersion(entry.Version!))
            .GroupBy(entry => entry.Checksum!, StringComparer.Ordinal)
            .ToList();
        if (gone.Count == 0)
        {
            return [];
        }

        var pending = folder.Migrations
            .Where(migration => migration is { Kind: ScriptKind.Versioned, Up: not null }
                && (journal.Entries.GetValueOrDefault(migration.Name) is not { } entry || entry.State == MigrationState.Reverted))
            .ToLookup(migration => migration.Up!.Checksum, StringComparer.Ordinal);
        // Several of one content are told apart by their order, which a renaming seldom changes.
        return [.. gone.SelectMany(entries => entries.Zip(pending[entries.Key].OrderBy(migration => migration.Version)))];
    }

    public static ScriptProblem Problem(JournalEntry entry, Migration migration) => ScriptProblem.Error(
        ProblemKind.Renamed,
        migration.Up!.Path,
        $"It has the content of {entry.Name}, which {(entry.State.IsApplied() ? "was applied" : "was begun")} at {entry.At:yyyy-MM-dd HH:mm:ss}Z and whose file is gone, so it would run a second time. "
        + "If the file was renamed, run 'repair': it moves the journal's row to the new name. If it is to run once more, change its text, if only by a comment.");

    private static bool HasRun(JournalEntry entry) =>
        entry.State.IsApplied() || (entry.State.IsHalfway() && (entry.StatementsDone > 0 || entry.StatementStarted > 0 || entry.State.IsDownward()));
}
