using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Migrations.CommandLine;

/// <summary>The command line's own checks: of <c>doctor</c> alone, and before those that the application registered.</summary>
internal sealed class OwnChecks(IServiceCollection services) : IHealthChecksBuilder
{
    public List<HealthCheckRegistration> All { get; } = [];

    public IServiceCollection Services => services;

    public IHealthChecksBuilder Add(HealthCheckRegistration registration)
    {
        All.Add(registration);
        return this;
    }
}
