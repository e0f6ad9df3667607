using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The Data Protection keys that servers share, so that one reads another's tokens: in Redis where there is one. The
/// application's name is the key prefix, since by default it is the path of the program, which differs between servers.
/// </summary>
internal static class RedisDataProtectionKeys
{
    public static void AddSharedDataProtectionKeys(this IServiceCollection services)
    {
        services.AddOptions<DataProtectionOptions>().Configure<IOptions<StreamsOptions>>((protection, options) =>
            protection.ApplicationDiscriminator ??= options.Value.Redis.KeyPrefix);
        services.AddOptions<KeyManagementOptions>().Configure<IServiceProvider>((keys, provider) =>
        {
            // An application that keeps its keys elsewhere goes on doing so.
            if (keys.XmlRepository is not null || provider.GetService<IConnectionMultiplexer>() is not { } redis)
                return;
            var prefix = provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Redis.KeyPrefix;
            keys.XmlRepository = new RememberingXmlRepository(new RedisXmlRepository(() => Connected(redis), prefix + ":data-protection-keys"));
        });
    }

    // The repository asks synchronously; a Redis that is away must not hold up a thread per client for its time-out.
    private static IDatabase Connected(IConnectionMultiplexer redis) => redis.IsConnected
        ? redis.GetDatabase()
        : throw new IOException("Redis is not connected.");
}
