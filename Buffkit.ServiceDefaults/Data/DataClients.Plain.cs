//#if (repository)
// Without Aspire's packages: the same services and telemetry as DataClients.Aspire.cs.
#if !USE_ASPIRE
//#endif
//#if (mysql)
using System.Data.Common;
//#endif
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
//#if (mysql || redis)
using Microsoft.Extensions.Logging;
//#endif
//#if (mysql)
using MySqlConnector;
//#endif
//#if (redis)
using StackExchange.Redis;
//#endif

namespace Buffkit.ServiceDefaults;

/// <summary>The data clients, with traces and metrics.</summary>
internal static class DataClients
{
    //#if (postgres)
    public static void AddPostgresDataSource(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddNpgsqlDataSource(connectionString);
        builder.AddTelemetrySources("Npgsql");
    }
    //#endif
    //#if (repository)

    //#endif
    //#if (mysql)
    public static void AddMySqlDataSource(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddSingleton(services => new MySqlDataSourceBuilder(connectionString)
            .UseLoggerFactory(services.GetService<ILoggerFactory>())
            .Build());
        builder.Services.AddSingleton<DbDataSource>(services => services.GetRequiredService<MySqlDataSource>());
        builder.AddTelemetrySources("MySqlConnector");
    }
    //#endif
    //#if (redis && !sqlite)

    //#endif
    //#if (redis)
    public static void AddRedisMultiplexer(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.AddTelemetrySources(RedisTracing.SourceName);
        builder.Services.AddSingleton<RedisTracing>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RedisTracing>());
        builder.Services.AddSingleton(services =>
        {
            var options = ConfigurationOptions.Parse(connectionString);
            options.AbortOnConnectFail = false;
            options.LoggerFactory = services.GetService<ILoggerFactory>();
            return options;
        });
        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
        {
            var redis = ConnectionMultiplexer.Connect(services.GetRequiredService<ConfigurationOptions>());
            redis.RegisterProfiler(services.GetRequiredService<RedisTracing>().SessionOfCaller);
            return redis;
        });
    }
    //#endif
}
//#if (repository)
#endif
//#endif
