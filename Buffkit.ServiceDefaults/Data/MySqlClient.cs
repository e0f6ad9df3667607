//#if (repository || UseAspire)
#if USE_ASPIRE_MYSQL
using Microsoft.Extensions.Hosting;
#else
//#endif
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MySqlConnector;
//#if (repository || UseAspire)
#endif
//#endif

namespace Buffkit.ServiceDefaults;

/// <summary>The data source of MySQL, with traces and metrics.</summary>
internal static class MySqlClient
{
    //#if (repository || UseAspire)
#if USE_ASPIRE_MYSQL
    /// <remarks>By Aspire's client integration. Its health check is off: ours says no addresses.</remarks>
    public static void AddMySqlClient(this IHostApplicationBuilder builder, string connectionString) =>
        builder.AddMySqlDataSource(AppDatabaseRegistration.ConnectionName, settings =>
        {
            settings.ConnectionString = connectionString;
            settings.DisableHealthChecks = true;
        });
#else
    //#endif
    public static void AddMySqlClient(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddSingleton(services => new MySqlDataSourceBuilder(connectionString)
            .UseLoggerFactory(services.GetService<ILoggerFactory>())
            .Build());
        builder.Services.AddSingleton<DbDataSource>(services => services.GetRequiredService<MySqlDataSource>());
        builder.AddTelemetrySources("MySqlConnector");
    }
    //#if (repository || UseAspire)
#endif
    //#endif
}
