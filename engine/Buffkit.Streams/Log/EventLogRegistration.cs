using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
//#if (redis)
using Microsoft.Extensions.Logging;
//#endif
using Microsoft.Extensions.Options;
//#if (redis)
using StackExchange.Redis;
//#endif

namespace Buffkit.Streams;

//#if (redis)
/// <summary>Chooses the log: Redis where a connection to it is registered, memory where none is.</summary>
////#else
///// <summary>The log is in memory.</summary>
//#endif
internal static class EventLogRegistration
{
    public static void AddEventLog(this IServiceCollection services)
    {
        //#if (redis)
        services.TryAddSingleton(provider => new RedisKeys(Options(provider).Redis));
        services.TryAddSingleton(provider => new RedisConnections(
            provider.GetRequiredService<IConnectionMultiplexer>(),
            provider.GetService<ConfigurationOptions>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RedisMemory>();
        services.TryAddSingleton<IEventLog>(provider => IsShared(provider)
            ? CreateSharedLog(provider)
            : new MemoryEventLog(Options(provider).Log, provider.GetRequiredService<TimeProvider>()));
        ////#else
        //services.TryAddSingleton<IEventLog>(provider => new MemoryEventLog(Options(provider).Log, provider.GetRequiredService<TimeProvider>()));
        //#endif
    }
    //#if (redis)

    /// <summary>Whether there are other servers to share with.</summary>
    internal static bool IsShared(IServiceProvider provider) =>
        provider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IConnectionMultiplexer));

    private static RedisEventLog CreateSharedLog(IServiceProvider provider)
    {
        var (options, time) = (Options(provider), provider.GetRequiredService<TimeProvider>());
        return new RedisEventLog(
            provider.GetRequiredService<RedisConnections>(),
            provider.GetRequiredService<RedisKeys>(),
            new RedisAvailability(time, provider.GetRequiredService<ILogger<RedisAvailability>>()),
            provider.GetRequiredService<RedisMemory>(),
            options.Log,
            options.Redis,
            time,
            provider.GetRequiredService<ILogger<RedisEventLog>>());
    }
    //#endif

    private static StreamsOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
}
