using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>Chooses the log: Redis where a connection to it is registered, memory where none is.</summary>
internal static class EventLogRegistration
{
    public static void AddEventLog(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new RedisKeys(Options(provider).Redis));
        services.TryAddSingleton(provider => new RedisConnections(
            provider.GetRequiredService<IConnectionMultiplexer>(),
            provider.GetKeyedService<IConnectionMultiplexer>(RedisOptions.BlockingConnection)));
        services.TryAddSingleton<RedisAvailability>();
        services.TryAddSingleton<IEventLog>(provider =>
        {
            var (options, time) = (Options(provider), provider.GetRequiredService<TimeProvider>());
            return IsShared(provider)
                ? new RedisEventLog(
                    provider.GetRequiredService<RedisConnections>(),
                    provider.GetRequiredService<RedisKeys>(),
                    provider.GetRequiredService<RedisAvailability>(),
                    options.Log,
                    options.Redis,
                    time,
                    provider.GetRequiredService<ILogger<RedisEventLog>>())
                : new MemoryEventLog(options.Log, time);
        });
    }

    /// <summary>Whether there are other servers to share with.</summary>
    internal static bool IsShared(IServiceProvider provider) =>
        provider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IConnectionMultiplexer));

    private static StreamsOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
}
