namespace Buffkit.Migrations;

/// <summary>Runs the seeds of an environment.</summary>
internal sealed class SeedCommand(RunnerServices services)
{
    public async Task<IReadOnlyList<CompletedMigration>> RunAsync(string environment, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(environment))
        {
            throw new MigrationConfigurationException("--environment is empty. Name a folder under seeds, such as development.");
        }

        using var activity = MigrationTelemetry.Source.StartActivity("migrations seed");
        await using var session = await RunnerSession.OpenLockedAsync(services, cancellation);
        var prefix = $"seeds/{environment}/";
        var seeds = session.Folder.Seeds.Where(seed => seed.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).ToList();
        if (seeds.Count == 0)
        {
            throw new MigrationConfigurationException(
                $"There is no seeds/{environment}/*.sql. Environments: {Join(session.Folder.Seeds.Select(seed => seed.Name.Split('/')[1]).Distinct())}.");
        }

        return await session.Run(MigrationPlan.Up(seeds, session.Journal, MigrationTarget.All), cancellation).RunAsync();
    }

    private static string Join(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } list ? list : "none";
}
