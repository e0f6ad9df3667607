namespace Buffkit.Migrations;

/// <summary>What one can learn without changing anything.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>Tells how every migration stands. Changes nothing and waits for nobody.</summary>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    public async Task<MigrationStatus> StatusAsync(CancellationToken cancellationToken)
    {
        options.Validate();
        var folder = ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine);
        await using var database = await OpenAsync(readOnly: true, cancellationToken);
        var journal = await ReadJournalAsync(database, folder, cancellationToken);
        var runner = database.IsAbsent ? null : await database.DescribeLockHolderAsync(cancellationToken);
        return new MigrationStatus(
            options.RequiredEngine.Name,
            runner,
            [.. Entries(folder, journal)],
            [.. folder.Problems, .. JournalCheck.Check(folder, journal)]);
    }

    /// <summary>Checks the scripts, and with the database also what has become of them there.</summary>
    /// <param name="offline">Whether to leave the database alone.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>Everything found; empty if all is well.</returns>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    public async Task<IReadOnlyList<ScriptProblem>> ValidateAsync(bool offline, CancellationToken cancellationToken)
    {
        if (offline)
        {
            return ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine).Problems;
        }

        return (await StatusAsync(cancellationToken)).Problems;
    }

    /// <summary>Writes the database's schema as SQL, in the same order every time, without the journal.</summary>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    public async Task<string> DumpAsync(CancellationToken cancellationToken)
    {
        await using var database = await OpenAsync(readOnly: true, cancellationToken);
        return database.IsAbsent ? "" : await database.DumpAsync(cancellationToken);
    }

    /// <summary>The journal as it is, or as it would be taken over from DbUp.</summary>
    private async Task<Journal> ReadJournalAsync(MigrationDatabase database, ScriptFolder folder, CancellationToken cancellation)
    {
        var journal = new Journal(database, options.Who, time);
        if (!database.IsAbsent && !await journal.ReadAsync(cancellation))
        {
            journal.Assume(await AdoptedJournal.ReadAsync(database, folder.Migrations, cancellation));
        }

        return journal;
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
