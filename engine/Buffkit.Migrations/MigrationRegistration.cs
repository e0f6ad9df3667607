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
}
