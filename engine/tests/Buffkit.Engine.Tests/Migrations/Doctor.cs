using Buffkit.Migrations.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Tests;

/// <summary>The command <c>doctor</c> inside the test, where a test has a clock or checks of its own.</summary>
internal static class Doctor
{
    /// <param name="register">Adds checks, and what they need.</param>
    /// <param name="configuration">The configuration; nothing where it is not given.</param>
    public static async Task<IReadOnlyList<CheckResult>> RunAsync(
        Action<IHealthChecksBuilder> register, IEnumerable<KeyValuePair<string, string?>>? configuration = null)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        register(services.AddHealthChecks());
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        return await new DoctorRun(provider, []).RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A check that always says the same.</summary>
    public static HealthCheckRegistration Check(string name, Func<HealthCheckResult> look, params string[] tags) =>
        new(name, _ => new Saying(look), HealthStatus.Unhealthy, [MigrationCommandLine.DoctorTag, .. tags]);

    public static CheckResult Of(this IReadOnlyList<CheckResult> results, string name) => results.Single(result => result.Name == name);

    /// <summary>The machine's clock, so much ahead.</summary>
    public sealed class AheadTime(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }

    private sealed class Saying(Func<HealthCheckResult> look) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(look());
    }
}
