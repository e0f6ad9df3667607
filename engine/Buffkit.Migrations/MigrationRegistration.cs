using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Registers the migrations with a host.</summary>
public static class MigrationRegistration
{
    /// <summary>Registers <see cref="MigrationRunner"/> as a singleton.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Fills the options when the runner is first asked for.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddMigrations(
        this IServiceCollection services, Action<IServiceProvider, MigrationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider =>
        {
            var options = new MigrationOptions();
            configure(provider, options);
            return new MigrationRunner(
                options,
                provider.GetRequiredService<ILogger<MigrationRunner>>(),
                provider.GetRequiredService<TimeProvider>());
        });
        return services;
    }

    /// <summary>
    /// Adds the part <c>schema</c> to a program's health: it fails while the database lacks versioned migrations of the program's own scripts, or
    /// repeatable ones that were never run, so that no version serves before its migrations. The database is asked every 5 seconds, and
    /// every minute once it has them all; one that cannot be asked is <see cref="HealthStatus.Degraded"/>. Needs <see cref="AddMigrations"/>.
    /// </summary>
    /// <param name="checks">The program's health checks.</param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddSchemaCheck(this IHealthChecksBuilder checks)
    {
        ArgumentNullException.ThrowIfNull(checks);
        checks.Services.TryAddSingleton<SchemaHealth>();
        checks.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SchemaHealth>(provider => provider.GetRequiredService<SchemaHealth>()));
        return checks.AddCheck<SchemaHealth>(SchemaHealth.Name);
    }
}
