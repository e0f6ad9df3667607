using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Buffkit.Streams;

internal static class AdmissionRegistration
{
    public static void AddAdmission(this IServiceCollection services)
    {
        services.AddOwnPages();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, TrustedProxies>());
        services.TryAddSingleton<CrossSiteGuard>();
        services.TryAddSingleton<SecurityMetrics>();
        services.TryAddSingleton<ITopicAuthorization, DefaultTopicAuthorization>();
        services.TryAddSingleton<RequestLimits>();
        services.TryAddSingleton<SessionPace>();
        services.TryAddSingleton<IConnectionCounts>(provider => provider.GetService<IConnectionMultiplexer>() is { } redis
            ? new RedisConnectionCounts(
                redis,
                provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Redis.KeyPrefix,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RedisConnectionCounts>>())
            : new MemoryConnectionCounts());
        services.AddHostedService<ConnectionCounting>();
        services.TryAddSingleton<ConnectionLimits>();
        services.TryAddSingleton<Admission>();
    }
}
