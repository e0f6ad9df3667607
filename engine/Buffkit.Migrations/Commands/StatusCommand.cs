namespace Buffkit.Migrations;

/// <summary>Tells how every migration stands.</summary>
internal sealed class StatusCommand(RunnerServices services)
{
    public async Task<MigrationStatus> RunAsync(CancellationToken cancellation)
    {
        var options = services.Options;
        options.Validate();
        var folder = ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine);
        await using var session = await RunnerSession.OpenAsync(services, folder, readOnly: true, cancellation);
        await session.ReadOrAssumeJournalAsync(cancellation);
        var runner = session.Database.IsAbsent ? null : await session.Database.Lock.DescribeHolderAsync(cancellation);
        return new MigrationStatus(
            options.RequiredEngine.Name,
            runner,
            [.. Entries(folder, session.Journal)],
            [.. folder.Problems, .. session.Disagreements]);
    }

    private static IEnumerable<MigrationStatusEntry> Entries(ScriptFolder folder, Journal journal)
    {
        var shown = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var migration in folder.Migrations.Where(migration => migration.Up is not null))
        {
            shown.Add(migration.Name);
            var entry = journal.Entries.GetValueOrDefault(migration.Name);
            var stale = entry is not null && entry.Checksum != migration.Up!.Checksum && entry.State.IsApplied();
            yield return Entry(migration, entry) with
            {
                // A repeatable one that changed is due again; a versioned one that changed is a problem.
                State = stale && migration.Kind == ScriptKind.Repeatable ? MigrationState.Pending : entry?.State ?? MigrationState.Pending,
                Changed = stale,
            };
        }

        foreach (var entry in journal.Entries.Values.Where(entry => !shown.Contains(entry.Name)).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var seed = folder.Seeds.FirstOrDefault(seed => string.Equals(seed.Name, entry.Name, StringComparison.OrdinalIgnoreCase));
            yield return Entry(seed, entry) with { Changed = seed?.Up is { } up && entry.Checksum != up.Checksum };
        }
    }

    private static MigrationStatusEntry Entry(Migration? migration, JournalEntry? entry) => new()
    {
        Name = entry?.Name ?? migration!.Name,
        Version = migration?.Kind == ScriptKind.Versioned ? migration.Version.ToString() : entry?.Version,
        Kind = migration?.Kind.ToString().ToLowerInvariant() ?? entry!.Kind,
        State = entry?.State ?? MigrationState.Pending,
        AppliedAt = entry?.At,
        Duration = entry?.Duration,
        StatementsDone = entry is null ? 0 : entry.StatementsDone,
        StatementsTotal = entry?.StatementsTotal,
        StatementUnderWay = entry is not null && entry.State.IsHalfway() && entry.StatementStarted > entry.StatementsDone ? entry.StatementStarted : null,
        Who = entry?.Who,
        Error = entry?.Error,
        HasFile = migration?.Up is not null,
        HasDown = migration?.Down is not null,
    };
}
