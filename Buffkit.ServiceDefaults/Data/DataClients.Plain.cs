//#if (repository)
// Without Aspire's packages: the same services and telemetry as DataClients.Aspire.cs.
#if !USE_ASPIRE
//#endif
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
//#if (redis)
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
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
    //#if (postgres && redis)

    //#endif
    //#if (redis)
    public static void AddRedisMultiplexer(this IHostApplicationBuilder builder, string connectionString)
    {
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddRedisInstrumentation());
        builder.Services.AddSingleton(services =>
        {
            var options = ConfigurationOptions.Parse(connectionString);
            RedisClient.Configure(options, connectionString);
            options.LoggerFactory = services.GetService<ILoggerFactory>();
            return options;
        });
        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
            ConnectionMultiplexer.Connect(services.GetRequiredService<ConfigurationOptions>()));
    }
    //#endif
}
//#if (repository)
#endif
//#endif
