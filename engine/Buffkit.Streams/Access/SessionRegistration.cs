using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
//#if (redis)
using StackExchange.Redis;
//#endif

namespace Buffkit.Streams;

internal static class SessionRegistration
{
    public static void AddSessions(this IServiceCollection services)
    {
        services.AddDataProtection();
        //#if (redis)
        services.AddSharedDataProtectionKeys();
        //#endif
        services.TryAddSingleton<ISessionStore>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
            var time = provider.GetRequiredService<TimeProvider>();
            //#if (redis)
            if (provider.GetService<IConnectionMultiplexer>() is { } redis)
                return new RedisSessionStore(redis, options.Sessions, options.Redis.KeyPrefix, time, provider.GetRequiredService<ILogger<RedisSessionStore>>());
            //#endif
            return new MemorySessionStore(options.Sessions, time);
        });
        services.TryAddSingleton<SessionTokens>();
        services.TryAddSingleton<PlainHttpWatch>();
        services.TryAddSingleton<SessionGate>();
        services.TryAddSingleton(provider => new EventSessions(
            provider.GetRequiredService<ISessionStore>(), provider.GetRequiredService<ILogger<EventSessions>>()));
        services.AddHostedService<SessionWatch>();
    }
}
