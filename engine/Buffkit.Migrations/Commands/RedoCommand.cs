namespace Buffkit.Migrations;

/// <summary>Undoes migrations and applies them again, under one lock.</summary>
internal sealed class RedoCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync(int steps, CancellationToken cancellation)
    {
        using var activity = MigrationTelemetry.Source.StartActivity("migrations redo");
        await using var session = await RunnerSession.OpenLockedAsync(services, cancellation);
        var undone = await new DownCommand(services).UndoAsync(session, new DownRequest(Steps: steps), cancellation);
        var names = undone.Select(migration => migration.Name).ToHashSet();
        var again = MigrationPlan.Up(session.Folder.Migrations, session.Journal, new MigrationTarget(Only: names));
        return [.. undone, .. await session.Run(again, cancellation).RunAsync()];
    }
}
