using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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
    /// Adds the part <c>schema</c> to a program's health: it fails while the database lacks migrations of the program's own scripts, so that no
    /// version serves before its migrations were run. Asked again a minute after all of them were found applied. Needs <see cref="AddMigrations"/>.
    /// </summary>
    /// <param name="checks">The program's health checks.</param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddSchemaCheck(this IHealthChecksBuilder checks)
    {
        ArgumentNullException.ThrowIfNull(checks);
        // One for all probes, since it remembers.
        checks.Services.TryAddSingleton<SchemaHealthCheck>();
        return checks.AddCheck<SchemaHealthCheck>(SchemaHealthCheck.Name);
    }
}
