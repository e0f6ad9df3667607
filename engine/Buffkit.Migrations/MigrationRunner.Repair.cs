using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Where the journal is set right without running a script.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>Writes migrations into the journal as applied, for a database that has their schema already.</summary>
    /// <param name="to">The last one, by number or name; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    /// <returns>The names that were written.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<string>> BaselineAsync(string? to, CancellationToken cancellationToken)
    {
        var (folder, database, journal) = await BeginAsync(cancellationToken);
        await using (database)
        {
            var versioned = folder.Migrations.Where(migration => migration.Kind == ScriptKind.Versioned).ToList();
            var marked = Run(database, journal, versioned, Direction.Up, MigrationTarget.Of(folder, to, null), cancellationToken).MarkAsDone();
            LogBaseline(_logger, marked.Count);
            return marked;
        }
    }

    /// <summary>
    /// Sets the journal right: forgets failures that left nothing behind, takes over the checksums of files that
    /// changed, moves the rows of files that were renamed, forgets migrations whose files are gone, and settles statements whose outcome was not known.
    /// </summary>
    /// <param name="request">What a person decided about migrations that stopped half-way.</param>
    /// <param name="cancellationToken">Ends the wait for the lock.</param>
    /// <returns>What was done, a sentence for each.</returns>
    /// <inheritdoc cref="UpAsync(UpRequest, CancellationToken)" path="/exception"/>
    public async Task<IReadOnlyList<Repair>> RepairAsync(RepairRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (folder, database, journal) = await BeginAsync(cancellationToken);
        await using (database)
        {
            var repairs = new List<Repair>();
            foreach (var (names, state) in new[] { (request.Applied, MigrationState.Applied), (request.Pending, MigrationState.Pending) })
            {
                foreach (var name in names)
                {
                    repairs.Add(await DecideAsync(folder, journal, name, state, cancellationToken));
                }
            }

            foreach (var (names, done) in new[] { (request.StatementDone, true), (request.StatementNotDone, false) })
            {
                foreach (var name in names)
                {
                    repairs.Add(await AnswerAsync(folder, database, journal, name, done, cancellationToken));
                }
            }

            // One that is settled by name is all that was asked for: a changed file elsewhere is not accepted by the way.
            if (repairs.Count > 0)
            {
                return repairs;
            }

            foreach (var (entry, migration) in RenamedMigrations.Find(folder, journal))
            {
                await journal.MoveAsync(entry, migration, cancellationToken);
                var repair = new Repair(migration.Name, $"takes the place of {entry.Name}, since its file was renamed");
                LogRepair(_logger, repair.Migration, repair.Action);
                repairs.Add(repair);
            }

            foreach (var entry in journal.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList())
            {
                if (await RepairAsync(folder, database, journal, entry, cancellationToken) is { } repair)
                {
                    LogRepair(_logger, repair.Migration, repair.Action);
                    repairs.Add(repair);
                }
            }

            return repairs;
        }
    }

    private static Migration Named(ScriptFolder folder, string name) =>
        folder.Migrations.Concat(folder.Seeds).FirstOrDefault(candidate => candidate.IsNamed(name) && candidate.Up is not null)
        ?? throw new MigrationConfigurationException($"No migration is named or numbered '{name}'. 'status' lists them.");

    private static async Task<Repair> DecideAsync(
        ScriptFolder folder, Journal journal, string name, MigrationState state, CancellationToken cancellation)
    {
        var migration = Named(folder, name);
        if (state == MigrationState.Pending)
        {
            await journal.DeleteAsync(migration.Name, cancellation);
            return new Repair(migration.Name, "marked as pending");
        }

        var entry = journal.NewEntry(new MigrationScript(migration, migration.Up!, Direction.Up), MigrationState.Applied);
        await journal.WriteAsync(entry with { StatementsDone = entry.StatementsTotal }, cancellation);
        return new Repair(migration.Name, "marked as applied");
    }

    /// <summary>Writes down what a person saw of the statement that was under way.</summary>
    private async Task<Repair> AnswerAsync(
        ScriptFolder folder, MigrationDatabase database, Journal journal, string name, bool done, CancellationToken cancellation)
    {
        var migration = Named(folder, name);
        var entry = journal.Entries.GetValueOrDefault(migration.Name);
        var down = entry?.State.IsDownward() == true;
        if (entry is null || !entry.State.IsHalfway() || entry.StatementStarted != entry.StatementsDone + 1
            || (down ? migration.Down : migration.Up) is not { } file)
        {
            throw new MigrationConfigurationException($"No statement of {migration.Name} was under way when it stopped. 'status' shows how it stands.");
        }

        var script = new MigrationScript(migration, file, down ? Direction.Down : Direction.Up);
        using var progress = new StatementProgress(new RunContext(database, journal, _logger, time, options), script);
        if (!progress.StillBeginsAs(entry) || entry.StatementStarted > script.File.Statements(database.Engine).Count)
        {
            throw new MigrationConfigurationException(
                $"{file.Path} no longer begins with the statements that have taken effect. Restore them, or say --applied or --pending of the whole migration.");
        }

        await progress.WriteAsync(progress.With(done ? entry.StatementStarted : entry.StatementsDone) with { State = entry.State, Error = null }, cancellation);
        return new Repair(
            migration.Name,
            $"statement {entry.StatementStarted} marked as {(done ? "done" : "not done")}. Run '{(down ? "down" : "up")}' to go on");
    }

    private static async Task<Repair?> RepairAsync(
        ScriptFolder folder, MigrationDatabase database, Journal journal, JournalEntry entry, CancellationToken cancellation)
    {
        var migration = folder.Migrations.Concat(folder.Seeds).FirstOrDefault(candidate =>
            string.Equals(candidate.Name, entry.Name, StringComparison.OrdinalIgnoreCase) && candidate.Up is not null);
        if (migration is null)
        {
            if (entry.Kind == JournalEntry.AdoptedKind)
            {
                return null;
            }

            await journal.DeleteAsync(entry.Name, cancellation);
            return new Repair(entry.Name, "forgotten, since its file is gone");
        }

        if (entry.State.IsHalfway())
        {
            return await SettleAsync(migration, database, journal, entry, cancellation);
        }

        if (JournalCheck.Changed(entry, migration.Up!))
        {
            await journal.WriteAsync(entry with { Checksum = migration.Up!.Checksum }, cancellation);
            return new Repair(entry.Name, "its file's new checksum accepted");
        }

        if (entry is { State: MigrationState.Applied, Error: not null })
        {
            await journal.WriteAsync(entry with { Error = null }, cancellation);
            return new Repair(entry.Name, "the failure of its way down forgotten");
        }

        return null;
    }

    private static async Task<Repair?> SettleAsync(
        Migration migration, MigrationDatabase database, Journal journal, JournalEntry entry, CancellationToken cancellation)
    {
        var script = entry.State.IsDownward() ? migration.Down : migration.Up;
        var statements = script?.Statements(database.Engine) ?? [];
        var done = entry.StatementsDone;
        if (script is not null && entry.StatementStarted == done + 1 && done < statements.Count)
        {
            switch (await database.SettleAsync(statements[done], entry.Fingerprint, cancellation))
            {
                case StatementOutcome.Done:
                    done++;
                    break;
                case StatementOutcome.Unknown:
                    var direction = entry.State.IsDownward() ? Direction.Down : Direction.Up;
                    var question = UnknownOutcome.Of(new MigrationScript(migration, script, direction), database, entry);
                    return new Repair(entry.Name, $"left as it is: {question.Message}");
            }
        }

        if (done == 0 && !entry.State.IsDownward())
        {
            await journal.DeleteAsync(entry.Name, cancellation);
            return new Repair(entry.Name, "marked as pending, since nothing of it remains");
        }

        if (done == 0)
        {
            await journal.WriteAsync(
                entry with { State = MigrationState.Applied, StatementsDone = entry.StatementsTotal, StatementStarted = 0, Fingerprint = null, Error = null },
                cancellation);
            return new Repair(entry.Name, "marked as applied, since nothing of its way down has happened");
        }

        // Half of it is there. Which half is known; what to do about it, only a person can say.
        return new Repair(
            entry.Name,
            $"left as it is: {done} of {entry.StatementsTotal} statements are done. Run '{(entry.State.IsDownward() ? "down" : "up")}' to go on from there, or mend the schema by hand and say so with --applied or --pending");
    }

    [LoggerMessage(8, LogLevel.Information, "{Count} migrations taken as applied.")]
    private static partial void LogBaseline(ILogger logger, int count);

    [LoggerMessage(9, LogLevel.Information, "{Migration}: {Action}.")]
    private static partial void LogRepair(ILogger logger, string migration, string action);
}
