using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace Buffkit.ServiceDefaults;

/// <summary>Registers the Redis client by configuration.</summary>
public static class RedisClient
{
    /// <summary>The name of the connection string, as in <c>ConnectionStrings:redis</c>.</summary>
    public const string ConnectionName = "redis";

    /// <summary>
    /// Every two seconds each server is asked for its role, where the connection string says nothing else (<c>configCheckSeconds</c>);
    /// with the library's own minute, commands go to a primary that is gone long after another has taken over.
    /// </summary>
    private const int ConfigCheckSeconds = 2;

    /// <summary>
    /// Registers <see cref="IConnectionMultiplexer"/> as a singleton with health check and traces, and the
    /// <see cref="ConfigurationOptions"/> it is made with, or nothing at all where <c>ConnectionStrings:redis</c> is not set.
    /// </summary>
    /// <remarks>
    /// A Redis that is away, at start or later, is no error: the client keeps trying (<c>AbortOnConnectFail=false</c>), and
    /// <c>/health</c> says "degraded" meanwhile. Not "unhealthy": taken out of service, all servers at once, none would be left.
    /// </remarks>
    /// <returns>The same builder.</returns>
    public static TBuilder AddRedisClient<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var connectionString = builder.Configuration.GetConnectionString(ConnectionName);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return builder;
        }

        builder.AddRedisMultiplexer(connectionString);
        builder.Services.AddHealthChecks().AddCheck<RedisHealthCheck>("redis", HealthStatus.Degraded);
        return builder;
    }

    /// <summary>What both variants of the client have in common.</summary>
    internal static void Configure(ConfigurationOptions options, string connectionString)
    {
        options.AbortOnConnectFail = false;
        if (!connectionString.Contains(nameof(ConfigCheckSeconds), StringComparison.OrdinalIgnoreCase))
            options.ConfigCheckSeconds = ConfigCheckSeconds;
    }
}
