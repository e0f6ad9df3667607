using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
//#if (redis)
using StackExchange.Redis;
//#endif

namespace Buffkit.Streams;

internal static class EncryptionRegistration
{
    public static void AddEncryption(this IServiceCollection services)
    {
        services.TryAddSingleton<ProtectedKeys>();
        services.TryAddSingleton<IEventKeyStore>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
            var protectedKeys = provider.GetRequiredService<ProtectedKeys>();
            //#if (redis)
            if (provider.GetService<IConnectionMultiplexer>() is { } redis)
                return new RedisKeyStore(redis, options.Redis.KeyPrefix, protectedKeys);
            //#endif
            return new FileKeyStore(
                Path.Combine(provider.GetRequiredService<IHostEnvironment>().ContentRootPath, options.Encryption.KeyFile), protectedKeys);
        });
        //#if (redis)
        services.TryAddSingleton<IFingerprintKey>(provider => EventLogRegistration.IsShared(provider)
            ? new RedisFingerprintKey(
                provider.GetRequiredService<IConnectionMultiplexer>(),
                provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Redis.KeyPrefix,
                provider.GetRequiredService<ProtectedKeys>(),
                provider.GetRequiredService<TimeProvider>())
            : new MemoryFingerprintKey());
        ////#else
        //services.TryAddSingleton<IFingerprintKey, MemoryFingerprintKey>();
        //#endif
        services.TryAddSingleton<EventKeyRing>();
        services.AddHostedService<EventKeyWatch>();
        services.TryAddSingleton<EventEncryption>();
        services.TryAddSingleton<KeysEndpoint>();
    }
}
