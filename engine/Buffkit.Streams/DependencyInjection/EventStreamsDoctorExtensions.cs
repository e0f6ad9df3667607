using Buffkit.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What the command <c>doctor</c> of the migration service looks at in the settings of a server of event streams.</summary>
public static class EventStreamsDoctorExtensions
{
    /// <summary>
    /// Adds checks of settings: <c>streams settings</c>, names that nobody reads and values that a server would refuse; <c>streams access</c>,
    /// what is open to everybody; <c>host names</c>, <c>proxies</c> and <c>management port</c>, what a server outside Development needs. They
    /// read the configuration of the program that they run in, which need not be the server's; where it has none of a server's keys they say so.
    /// </summary>
    /// <param name="checks">The health checks. These have the tag <c>doctor</c>; <c>do</c> in a result's data says what to do.</param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddEventStreamsDoctor(this IHealthChecksBuilder checks)
    {
        ArgumentNullException.ThrowIfNull(checks);
        foreach (var (name, look) in ServerSettings.Checks)
        {
            checks.Add(new HealthCheckRegistration(
                name,
                provider => new Look(new ServerSettings(provider.GetRequiredService<IConfiguration>(), provider.GetRequiredService<IHostEnvironment>()), look),
                HealthStatus.Unhealthy,
                [Finding.Tag]));
        }

        return checks;
    }

    private sealed class Look(ServerSettings settings, Func<ServerSettings, HealthCheckResult> look) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(look(settings));
    }
}
