using Buffkit.Migrations;
using Buffkit.ServiceDefaults;

namespace Buffkit.MigrationService;

/// <summary>Registers the runner by configuration.</summary>
internal static class RunnerRegistration
{
    /// <summary>The folder of the scripts; relative to the working directory.</summary>
    public const string ScriptsKey = "Migrations:Scripts";

    /// <summary>How long to wait for another runner, as a duration (<c>00:15:00</c>).</summary>
    public const string LockWaitKey = "Migrations:LockWait";

    /// <exception cref="MigrationConfigurationException">The configuration does not fit; the message names the key.</exception>
    public static void AddMigrationRunner(this IHostApplicationBuilder builder, Action<MigrationOptions> configure)
    {
        var configuration = builder.Configuration;
        var (provider, connectionString) = Read(builder);
        var lockWait = MigrationOptions.DefaultLockWait;
        if (configuration[LockWaitKey] is { Length: > 0 } text
            && !TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out lockWait))
        {
            throw new MigrationConfigurationException($"{LockWaitKey} is '{text}'. Write hours:minutes:seconds, such as 00:15:00.");
        }

        builder.Services.AddMigrations((_, options) =>
        {
            options.Engine = provider switch
            {
                //#if (postgres)
                DatabaseProvider.Postgres => MigrationEngine.Postgres,
                //#endif
                //#if (mysql)
                DatabaseProvider.MySql => MigrationEngine.MySql,
                //#endif
                _ => MigrationEngine.Sqlite,
            };
            options.ConnectionString = connectionString;
            options.LockWait = lockWait;
            if (configuration[ScriptsKey] is { Length: > 0 } scripts)
            {
                options.ScriptsPath = Path.GetFullPath(scripts);
            }

            configure(options);
        });
    }

    private static (DatabaseProvider Provider, string ConnectionString) Read(IHostApplicationBuilder builder)
    {
        try
        {
            return AppDatabaseRegistration.Read(builder.Configuration, builder.Environment.ContentRootPath);
        }
        catch (InvalidOperationException e)
        {
            throw new MigrationConfigurationException(e.Message, e);
        }
    }
}
