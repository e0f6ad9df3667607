using Buffkit.Streams;
using Buffkit.Streams.Encryption;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the encryption of events.</summary>
public static class EncryptionBuilderExtensions
{
    /// <summary>
    /// Encrypts the payloads of topics that <c>Streams:Encryption:Topics</c> names, in the log, in the history and on the wire. The keys
    /// are kept in Redis where <c>AddRedis</c> was called, in a file otherwise, protected by Data Protection.
    /// </summary>
    /// <param name="streams">The engine.</param>
    /// <param name="configure">Sets options in code, after the configuration.</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder AddEncryption(this EventStreamsBuilder streams, Action<EncryptionOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        var services = streams.Services;
        var options = services.AddOptions<EncryptionOptions>().BindConfiguration(EncryptionOptions.Section).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EncryptionOptions>, EncryptionOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EncryptionOptions>, TopicsAreAList>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EncryptionOptions>, KeysOutliveEvents>());
        services.TryAddSingleton(provider => provider.GetShared<IEventKeyStore>(() => KeyFile(provider, "")));
        services.TryAddSingleton(provider => provider.GetShared<IFingerprintKey>(
            () => new FileFingerprintKey(KeyFile(provider, ".fingerprint"), provider.GetRequiredService<TimeProvider>())));
        services.TryAddSingleton<EventKeyRing>();
        services.AddHostedService<EventKeyWatch>();
        services.Replace(ServiceDescriptor.Singleton<IKeysEndpoint, KeysEndpoint>());
        services.Replace(ServiceDescriptor.Singleton<IEventEncryption, EventEncryption>());
        services.TryAddSingleton<EncryptionIsAdded>();
        return streams;
    }

    private static FileKeyStore KeyFile(IServiceProvider provider, string suffix) => new(
        Path.Combine(
            provider.GetRequiredService<IHostEnvironment>().ContentRootPath, provider.GetRequiredService<IOptions<EncryptionOptions>>().Value.KeyFile + suffix),
        provider.GetRequiredService<ProtectedKeys>());
}
