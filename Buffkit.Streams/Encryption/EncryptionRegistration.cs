using Microsoft.AspNetCore.DataProtection;
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
        services.TryAddSingleton<IEventKeyStore>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
            var protectedKeys = new ProtectedKeys(provider.GetRequiredService<IDataProtectionProvider>());
            return provider.GetService<IConnectionMultiplexer>() is { } redis
                ? new RedisKeyStore(redis, options.Redis.KeyPrefix, protectedKeys)
                : new FileKeyStore(
                    Path.Combine(provider.GetRequiredService<IHostEnvironment>().ContentRootPath, options.Encryption.KeyFile), protectedKeys);
        });
        services.TryAddSingleton<EventKeyRing>();
        services.TryAddSingleton<EventEncryption>();
        services.TryAddSingleton<KeysEndpoint>();
    }
}
