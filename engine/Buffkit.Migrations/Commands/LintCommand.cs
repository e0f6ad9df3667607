namespace Buffkit.Migrations;

/// <summary>Looks for what would hurt in production.</summary>
internal sealed class LintCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<LintFinding>> RunAsync(bool pendingOnly, CancellationToken cancellation)
    {
        var engine = services.Options.RequiredEngine;
        var folder = ScriptFolder.Read(services.Options.ScriptsPath, engine);
        MigrationValidationException.ThrowIfAny([.. folder.Problems.Where(problem => problem is { Kind: ProblemKind.Parse, IsError: true })]);
        var applied = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (pendingOnly)
        {
            var status = await new StatusCommand(services).RunAsync(cancellation);
            applied.UnionWith(status.Migrations.Where(migration => migration.State.IsApplied()).Select(migration => migration.Name));
        }

        return [.. folder.Migrations
            .Where(migration => migration is { Up: not null, Kind: ScriptKind.Versioned } && !applied.Contains(migration.Name))
            .SelectMany(migration => Linter.Lint(migration.Up!, engine))];
    }
}
