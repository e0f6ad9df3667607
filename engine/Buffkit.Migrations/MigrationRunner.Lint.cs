namespace Buffkit.Migrations;

/// <summary>Looking for what would hurt in production.</summary>
public sealed partial class MigrationRunner
{
    /// <summary>Checks the ways up for blocking and destructive statements. Needs no database.</summary>
    /// <param name="pendingOnly">Whether to ask the database and leave out what it already has.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="MigrationValidationException">A script cannot be read.</exception>
    /// <exception cref="MigrationConfigurationException">An option does not fit.</exception>
    /// <exception cref="DatabaseUnavailableException">The server does not answer.</exception>
    public async Task<IReadOnlyList<LintFinding>> LintAsync(bool pendingOnly, CancellationToken cancellationToken)
    {
        var folder = ScriptFolder.Read(options.ScriptsPath, options.RequiredEngine);
        var broken = folder.Problems.Where(problem => problem is { Kind: ProblemKind.Parse, IsError: true }).ToList();
        if (broken.Count > 0)
        {
            throw new MigrationValidationException(broken);
        }

        var applied = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (pendingOnly)
        {
            var status = await StatusAsync(cancellationToken);
            applied.UnionWith(status.Migrations.Where(migration => migration.State.IsApplied()).Select(migration => migration.Name));
        }

        return [.. folder.Migrations
            .Where(migration => migration is { Up: not null, Kind: ScriptKind.Versioned } && !applied.Contains(migration.Name))
            .SelectMany(migration => Linter.Lint(migration.Up!, options.RequiredEngine))];
    }
}
