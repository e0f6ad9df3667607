using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Sets the journal right without running a script.</summary>
internal sealed partial class RepairCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<Repair>> RunAsync(RepairRequest request, CancellationToken cancellation)
    {
        await using var session = await RunnerSession.OpenLockedAsync(services, cancellation);
        var decided = await DecideAsync(session, request, cancellation);
        // One that is settled by name is all that was asked for: a changed file elsewhere is not accepted by the way.
        return decided.Count > 0 ? decided : await RepairAsync(session, cancellation);
    }

    /// <summary>Writes down what a person decided.</summary>
    private static async Task<List<Repair>> DecideAsync(RunnerSession session, RepairRequest request, CancellationToken cancellation)
    {
        var repairs = new List<Repair>();
        foreach (var (names, state) in new[] { (request.Applied, MigrationState.Applied), (request.Pending, MigrationState.Pending) })
        {
            foreach (var name in names)
            {
                repairs.Add(await DecideAsync(session, name, state, cancellation));
            }
        }

        foreach (var (names, done) in new[] { (request.StatementDone, true), (request.StatementNotDone, false) })
        {
            foreach (var name in names)
            {
                repairs.Add(await AnswerAsync(session, name, done, cancellation));
            }
        }

        return repairs;
    }

    /// <summary>Finds what is not as it should be, row by row.</summary>
    private async Task<List<Repair>> RepairAsync(RunnerSession session, CancellationToken cancellation)
    {
        var repairs = new List<Repair>();
        foreach (var (entry, migration) in RenamedMigrations.Find(session.Folder, session.Journal))
        {
            await session.Journal.MoveAsync(entry, migration, cancellation);
            repairs.Add(new Repair(migration.Name, $"takes the place of {entry.Name}, since its file was renamed"));
        }

        foreach (var entry in session.Journal.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList())
        {
            if (await RepairAsync(session, entry, cancellation) is { } repair)
            {
                repairs.Add(repair);
            }
        }

        foreach (var repair in repairs)
        {
            LogRepair(services.Logger, repair.Migration, repair.Action);
        }

        return repairs;
    }

    private static Migration Named(ScriptFolder folder, string name) =>
        folder.Migrations.Concat(folder.Seeds).FirstOrDefault(candidate => candidate.IsNamed(name) && candidate.Up is not null)
        ?? throw new MigrationConfigurationException($"No migration is named or numbered '{name}'. 'status' lists them.");

    private static async Task<Repair> DecideAsync(
        RunnerSession session, string name, MigrationState state, CancellationToken cancellation)
    {
        var migration = Named(session.Folder, name);
        if (state == MigrationState.Pending)
        {
            await session.Journal.DeleteAsync(migration.Name, cancellation);
            return new Repair(migration.Name, "marked as pending");
        }

        var entry = session.Journal.NewEntry(new MigrationScript(migration, migration.Up!, Direction.Up), MigrationState.Applied);
        await session.Journal.WriteAsync(entry with { StatementsDone = entry.StatementsTotal }, cancellation);
        return new Repair(migration.Name, "marked as applied");
    }

    /// <summary>Writes down what a person saw of the statement that was under way.</summary>
    private static async Task<Repair> AnswerAsync(
        RunnerSession session, string name, bool done, CancellationToken cancellation)
    {
        var migration = Named(session.Folder, name);
        var entry = session.Journal.Entries.GetValueOrDefault(migration.Name);
        var down = entry?.State.IsDownward() == true;
        if (entry is null || !entry.State.IsHalfway() || entry.StatementStarted != entry.StatementsDone + 1
            || (down ? migration.Down : migration.Up) is not { } file)
        {
            throw new MigrationConfigurationException($"No statement of {migration.Name} was under way when it stopped. 'status' shows how it stands.");
        }

        var script = new MigrationScript(migration, file, down ? Direction.Down : Direction.Up);
        using var progress = new StatementProgress(session.Context(), script);
        if (!progress.StillBeginsAs(entry) || entry.StatementStarted > script.File.Statements(session.Database.Engine).Count)
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
        RunnerSession session, JournalEntry entry, CancellationToken cancellation)
    {
        var migration = session.Folder.Migrations.Concat(session.Folder.Seeds).FirstOrDefault(candidate =>
            string.Equals(candidate.Name, entry.Name, StringComparison.OrdinalIgnoreCase) && candidate.Up is not null);
        if (migration is null)
        {
            if (entry.Kind == JournalEntry.AdoptedKind)
            {
                return null;
            }

            await session.Journal.DeleteAsync(entry.Name, cancellation);
            return new Repair(entry.Name, "forgotten, since its file is gone");
        }

        if (entry.State.IsHalfway())
        {
            return await SettleAsync(migration, session, entry, cancellation);
        }

        if (JournalCheck.Changed(entry, migration.Up!))
        {
            await session.Journal.WriteAsync(entry with { Checksum = migration.Up!.Checksum }, cancellation);
            return new Repair(entry.Name, "its file's new checksum accepted");
        }

        if (entry is { State: MigrationState.Applied, Error: not null })
        {
            await session.Journal.WriteAsync(entry with { Error = null }, cancellation);
            return new Repair(entry.Name, "the failure of its way down forgotten");
        }

        return null;
    }

    private static async Task<Repair?> SettleAsync(
        Migration migration, RunnerSession session, JournalEntry entry, CancellationToken cancellation)
    {
        var script = entry.State.IsDownward() ? migration.Down : migration.Up;
        var statements = script?.Statements(session.Database.Engine) ?? [];
        var done = entry.StatementsDone;
        if (script is not null && entry.StatementStarted == done + 1 && done < statements.Count)
        {
            switch (await session.Database.Judge.SettleAsync(statements[done], entry.Fingerprint, cancellation))
            {
                case StatementOutcome.Done:
                    done++;
                    break;
                case StatementOutcome.Unknown:
                    var direction = entry.State.IsDownward() ? Direction.Down : Direction.Up;
                    var question = UnknownOutcome.Of(new MigrationScript(migration, script, direction), session.Database, entry);
                    return new Repair(entry.Name, $"left as it is: {question.Message}");
            }
        }

        if (done == 0 && !entry.State.IsDownward())
        {
            await session.Journal.DeleteAsync(entry.Name, cancellation);
            return new Repair(entry.Name, "marked as pending, since nothing of it remains");
        }

        if (done == 0)
        {
            await session.Journal.WriteAsync(
                entry with { State = MigrationState.Applied, StatementsDone = entry.StatementsTotal, StatementStarted = 0, Fingerprint = null, Error = null },
                cancellation);
            return new Repair(entry.Name, "marked as applied, since nothing of its way down has happened");
        }

        // Half of it is there. Which half is known; what to do about it, only a person can say.
        return new Repair(
            entry.Name,
            $"left as it is: {done} of {entry.StatementsTotal} statements are done. Run '{(entry.State.IsDownward() ? "down" : "up")}' to go on from there, or mend the schema by hand and say so with --applied or --pending");
    }

    [LoggerMessage(9, LogLevel.Information, "{Migration}: {Action}.")]
    private static partial void LogRepair(ILogger logger, string migration, string action);
}
