#if !USE_ASPIRE
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MySqlConnector;
using StackExchange.Redis;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// The data clients without Aspire's packages: the same services and telemetry as <c>DataClients.Aspire.cs</c>.
/// </summary>
internal static class DataClients
{
    public static void AddPostgresDataSource(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddNpgsqlDataSource(connectionString);
        builder.AddTelemetrySources("Npgsql");
    }

    public static void AddMySqlDataSource(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.AddSingleton(services => new MySqlDataSourceBuilder(connectionString)
            .UseLoggerFactory(services.GetService<ILoggerFactory>())
            .Build());
        builder.Services.AddSingleton<DbDataSource>(services => services.GetRequiredService<MySqlDataSource>());
        builder.AddTelemetrySources("MySqlConnector");
    }

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
}
#endif
