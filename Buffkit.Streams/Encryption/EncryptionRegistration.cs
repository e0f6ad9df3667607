using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

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
            return provider.GetService<IConnectionMultiplexer>() is { } redis
                ? new RedisKeyStore(redis, options.Redis.KeyPrefix, protectedKeys)
                : new FileKeyStore(
                    Path.Combine(provider.GetRequiredService<IHostEnvironment>().ContentRootPath, options.Encryption.KeyFile), protectedKeys);
        });
        services.TryAddSingleton<IFingerprintKey>(provider => EventLogRegistration.IsShared(provider)
            ? new RedisFingerprintKey(
                provider.GetRequiredService<IConnectionMultiplexer>(),
                provider.GetRequiredService<IOptions<StreamsOptions>>().Value.Redis.KeyPrefix,
                provider.GetRequiredService<ProtectedKeys>(),
                provider.GetRequiredService<TimeProvider>())
            : new MemoryFingerprintKey());
        services.TryAddSingleton<EventKeyRing>();
        services.AddHostedService<EventKeyWatch>();
        services.TryAddSingleton<EventEncryption>();
        services.TryAddSingleton<KeysEndpoint>();
    }
}
