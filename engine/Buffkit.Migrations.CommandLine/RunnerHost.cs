using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Buffkit.Migrations.CommandLine;

/// <summary>Builds hosts with a runner in them, by configuration.</summary>
/// <param name="arguments">The arguments that are configuration.</param>
/// <param name="engines">The engines that the program has.</param>
/// <param name="configure">What the application adds.</param>
internal sealed class RunnerHost(string[] arguments, MigrationEngines engines, Action<IHostApplicationBuilder> configure)
{
    /// <summary>The name of an engine.</summary>
    public const string ProviderKey = "Database:Provider";

    /// <summary>The name of the connection string.</summary>
    public const string ConnectionName = "appdb";

    /// <summary>The folder of the scripts; relative to the working directory.</summary>
    public const string ScriptsKey = "Migrations:Scripts";

    /// <summary>How long to wait for another runner, as a duration (<c>00:15:00</c>).</summary>
    public const string LockWaitKey = "Migrations:LockWait";

    private const string DefaultEngine = "sqlite";

    /// <summary>Gets the engines that the program has.</summary>
    public MigrationEngines Engines => engines;

    /// <summary>A host with what the application adds and a runner.</summary>
    /// <param name="settings">Goes before the configuration, where it has a value.</param>
    /// <param name="set">Sets what no configuration says.</param>
    /// <exception cref="MigrationConfigurationException">The configuration does not fit; the message names the key.</exception>
    public HostApplicationBuilder CreateBuilder(IEnumerable<(string Key, string? Value)> settings, Action<MigrationOptions> set)
    {
        var builder = Host.CreateApplicationBuilder(arguments);
        Set(builder, settings);
        configure(builder);
        AddRunner(builder, set);
        return builder;
    }

    /// <summary>A host for <c>doctor</c>: what is wrong with the configuration is a finding of its own, and hides no other.</summary>
    /// <param name="settings">Goes before the configuration, where it has a value.</param>
    /// <param name="files">Files of settings that are read as well.</param>
    /// <returns>The host, and the command line's own checks.</returns>
    /// <exception cref="MigrationConfigurationException">A file cannot be read.</exception>
    public (HostApplicationBuilder Builder, OwnChecks Checks) CreateDoctor(IEnumerable<(string Key, string? Value)> settings, IEnumerable<string> files)
    {
        var builder = Host.CreateApplicationBuilder(arguments);
        foreach (var file in files)
        {
            ConfigurationSources.AddFile(builder.Configuration, file);
        }

        Set(builder, settings);
        configure(builder);
        var checks = new OwnChecks(builder.Services);
        checks.Add(new HealthCheckRegistration(ConfigurationCheck.Name, provider => new ConfigurationCheck(provider), null, null));
        try
        {
            checks.AddDatabaseDoctor(AddRunner(builder, _ => { }));
        }
        catch (MigrationConfigurationException e)
        {
            checks.AddCheck("database", () => HealthCheckResult.Unhealthy(e.Message, e));
        }

        return (builder, checks);
    }

    /// <summary>The engine that is configured, for a command that needs its rules and no connection.</summary>
    public MigrationEngine Engine(string? name) =>
        name is null ? Configured(Host.CreateApplicationBuilder(arguments).Configuration[ProviderKey]) : engines.Get(name);

    private static void Set(HostApplicationBuilder builder, IEnumerable<(string Key, string? Value)> settings)
    {
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value ?? builder.Configuration[key];
        }
    }

    private MigrationEngine AddRunner(HostApplicationBuilder builder, Action<MigrationOptions> set)
    {
        var configuration = builder.Configuration;
        var engine = Configured(configuration[ProviderKey]);
        var connectionString = engine.CompleteConnectionString(configuration.GetConnectionString(ConnectionName), builder.Environment.ContentRootPath)
            ?? throw new MigrationConfigurationException(
                $"ConnectionStrings:{ConnectionName} is missing. {ProviderKey} is '{engine}', which needs it, for example through the environment variable ConnectionStrings__{ConnectionName}.");
        var lockWait = MigrationOptions.DefaultLockWait;
        if (configuration[LockWaitKey] is { Length: > 0 } text
            && !TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out lockWait))
        {
            throw new MigrationConfigurationException($"{LockWaitKey} is '{text}'. Write hours:minutes:seconds, such as 00:15:00.");
        }

        builder.Services.AddMigrations((_, options) =>
        {
            options.Engine = engine;
            options.ConnectionString = connectionString;
            options.LockWait = lockWait;
            if (configuration[ScriptsKey] is { Length: > 0 } scripts)
            {
                options.ScriptsPath = Path.GetFullPath(scripts);
            }

            set(options);
        });
        return engine;
    }

    private MigrationEngine Configured(string? provider)
    {
        var name = string.IsNullOrEmpty(provider) ? DefaultEngine : provider;
        try
        {
            return engines.Get(name);
        }
        catch (MigrationConfigurationException e)
        {
            throw new MigrationConfigurationException($"{ProviderKey} is '{name}'. {e.Message}", e);
        }
    }
}
