//#if (repository)
// The same services and telemetry as DataClients.Plain.cs.
#if USE_ASPIRE
//#endif
//#if (redis)
using Microsoft.Extensions.DependencyInjection;
//#endif
using Microsoft.Extensions.Hosting;
//#if (redis)
using Microsoft.Extensions.Options;
using StackExchange.Redis;
//#endif

namespace Buffkit.ServiceDefaults;

/// <summary>The data clients by Aspire's client integrations, with traces and metrics.</summary>
/// <remarks>
/// Their own health checks are off: ours say no addresses.
/// </remarks>
internal static class DataClients
{
    //#if (postgres)
    public static void AddPostgresDataSource(this IHostApplicationBuilder builder, string connectionString) =>
        builder.AddNpgsqlDataSource(AppDatabaseRegistration.ConnectionName, settings =>
        {
            settings.ConnectionString = connectionString;
            settings.DisableHealthChecks = true;
        });
    //#endif
    //#if (postgres && redis)

    //#endif
    //#if (redis)
    public static void AddRedisMultiplexer(this IHostApplicationBuilder builder, string connectionString)
    {
        // The integration keeps them as options; whoever makes a further connection takes them from here in both variants.
        builder.Services.AddSingleton(services => services.GetRequiredService<IOptions<ConfigurationOptions>>().Value);
        builder.AddRedisClient(
            RedisClient.ConnectionName,
            settings =>
            {
                settings.ConnectionString = connectionString;
                settings.DisableHealthChecks = true;
            },
            options => RedisClient.Configure(options, connectionString));
    }
    //#endif
}
//#if (repository)
#endif
//#endif
