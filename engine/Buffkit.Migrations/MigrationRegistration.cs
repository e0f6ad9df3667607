using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>Registers the migrations with a host.</summary>
public static class MigrationRegistration
{
    private const string DoctorTag = "doctor";
    private const string NeedsDatabase = "needs:" + DatabaseExamination.ReachedName;

    /// <summary>A server that needs longer for a question about itself is not well.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

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

    /// <summary>
    /// Adds what the command <c>doctor</c> looks at in the database and its schema: <c>database</c>, whether it answers; several
    /// <c>database …</c>, its version, settings, rights and clock; <c>schema</c>, what is pending, failed or changed. Each opens a session of its
    /// own and changes nothing; its description says what was found, <c>do</c> in its data what to do. Not for a probe, which they take too
    /// long. Needs <see cref="AddMigrations"/>.
    /// </summary>
    /// <param name="checks">The health checks. These have the tag <c>doctor</c>, and all but <c>database</c> the tag <c>needs:database</c>.</param>
    /// <param name="engine">The engine whose settings are looked at.</param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddDatabaseDoctor(this IHealthChecksBuilder checks, MigrationEngine engine)
    {
        ArgumentNullException.ThrowIfNull(checks);
        ArgumentNullException.ThrowIfNull(engine);
        foreach (var check in DatabaseExamination.Of(engine))
        {
            // A folder that cannot be written may be why there is no database.
            string[] tags = check.Name == DatabaseExamination.ReachedName || !check.NeedsSession ? [DoctorTag] : [DoctorTag, NeedsDatabase];
            checks.Add(Registration(check.Name, runner => new DatabaseExamination(runner, check), tags));
        }

        return checks.Add(Registration(SchemaCheck.Name, runner => new SchemaCheck(runner), [DoctorTag, NeedsDatabase]));
    }

    private static HealthCheckRegistration Registration(string name, Func<MigrationRunner, IHealthCheck> make, string[] tags) =>
        new(name, provider => make(provider.GetRequiredService<MigrationRunner>()), HealthStatus.Unhealthy, tags, Patience);
}
