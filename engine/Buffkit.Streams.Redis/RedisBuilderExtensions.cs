using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets servers share one log, with sessions, presence and limits, in Redis.</summary>
public static class RedisBuilderExtensions
{
    /// <summary>
    /// Uses the Redis of a connection string. Where that is not set nothing changes: the server runs alone, as on a developer's machine.
    /// </summary>
    /// <param name="streams">The engine.</param>
    /// <param name="connectionName">
    /// The name of the connection string, as in <c>ConnectionStrings:redis</c>. Where the application has registered an
    /// <see cref="IConnectionMultiplexer"/> that one is used, with its telemetry and health check; otherwise one is made.
    /// </param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:Redis</c>).</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder AddRedis(
        this EventStreamsBuilder streams, string connectionName = "redis", Action<RedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        return streams.AddRedis(
            provider =>
            {
                var connectionString = provider.GetRequiredService<IConfiguration>().GetConnectionString(connectionName);
                if (string.IsNullOrWhiteSpace(connectionString))
                    return new SharedRedis(null, provider);
                return provider.GetService<IConnectionMultiplexer>() is { } existing
                    ? new SharedRedis(existing, provider)
                    : new SharedRedis(Connect(connectionString), provider, isOwn: true);
            },
            configure);
    }

    /// <summary>Uses a connection of the application's own.</summary>
    /// <param name="streams">The engine.</param>
    /// <param name="connection">Gives the connection, which stays the application's; <see langword="null"/> for none, and a server that runs alone.</param>
    /// <param name="configure">Sets options in code, after the configuration (section <c>Streams:Redis</c>).</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder AddRedis(
        this EventStreamsBuilder streams, Func<IServiceProvider, IConnectionMultiplexer?> connection, Action<RedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(connection);
        return streams.AddRedis(provider => new SharedRedis(connection(provider), provider), configure);
    }

    private static EventStreamsBuilder AddRedis(
        this EventStreamsBuilder streams, Func<IServiceProvider, SharedRedis> connect, Action<RedisOptions>? configure)
    {
        var services = streams.Services;
        var options = services.AddOptions<RedisOptions>().BindConfiguration(RedisOptions.Section).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisOptions>, RedisOptionsValidator>());
        services.TryAddSingleton(connect);
        services.TryAddSingleton(provider => new RedisKeys(provider.GetRequiredService<IOptions<RedisOptions>>().Value));
        services.TryAddSingleton<RedisMemory>();
        services.TryAddSingleton<RedisAvailability>();
        services.TryAddSingleton<RedisMetrics>();

        Share<IEventLog>(services, (provider, redis) =>
        {
            // Nobody asks for the instruments; they are there as soon as Redis is used.
            provider.GetRequiredService<RedisMetrics>();
            return new RedisEventLog(
                redis,
                provider.GetRequiredService<RedisKeys>(),
                provider.GetRequiredService<RedisAvailability>(),
                provider.GetRequiredService<RedisMemory>(),
                Streams(provider).Log,
                provider.GetRequiredService<IOptions<RedisOptions>>().Value,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<RedisEventLog>>());
        });
        Share<IPresenceStore>(services, (provider, redis) => new RedisPresenceStore(redis, provider.GetRequiredService<RedisKeys>(), Streams(provider).Presence));
        Share<ISessionStore>(services, (provider, redis) => new RedisSessionStore(
            redis,
            provider.GetRequiredService<RedisKeys>(),
            Streams(provider).Sessions,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RedisSessionStore>>()));
        Share<IConnectionCounts>(services, (provider, redis) => new RedisConnectionCounts(
            redis,
            provider.GetRequiredService<RedisKeys>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RedisConnectionCounts>>()));
        Share<IEventKeyStore>(services, (provider, redis) => new RedisKeyStore(
            redis, provider.GetRequiredService<RedisKeys>(), provider.GetRequiredService<ProtectedKeys>()));
        Share<IFingerprintKey>(services, (provider, redis) => new RedisFingerprintKey(
            redis, provider.GetRequiredService<RedisKeys>(), provider.GetRequiredService<ProtectedKeys>(), provider.GetRequiredService<TimeProvider>()));
        return streams;
    }

    /// <summary>
    /// Keeps the application's Data Protection keys in the same Redis, under one application name (<c>Streams:Redis:KeyPrefix</c>), so that
    /// one server reads the session tokens of another. Call it unless the application shares its keys in another way; what it has
    /// set itself stands.
    /// </summary>
    /// <remarks>Without Redis, and so with one server, nothing changes.</remarks>
    /// <param name="streams">The engine, on which <c>AddRedis</c> was called.</param>
    /// <returns>The same builder.</returns>
    public static EventStreamsBuilder ShareDataProtectionKeys(this EventStreamsBuilder streams)
    {
        ArgumentNullException.ThrowIfNull(streams);
        // By default the name is the path of the program, which differs between servers. A name of the application's own stands.
        streams.Services.AddOptions<DataProtectionOptions>().PostConfigure<IServiceProvider>((protection, provider) =>
        {
            var isDefault = protection.ApplicationDiscriminator is null
                || protection.ApplicationDiscriminator == provider.GetApplicationUniqueIdentifier();
            if (isDefault && provider.GetRequiredService<SharedRedis>().Connection is not null)
                protection.ApplicationDiscriminator = provider.GetRequiredService<IOptions<RedisOptions>>().Value.KeyPrefix;
        });
        streams.Services.AddOptions<KeyManagementOptions>().Configure<IServiceProvider>((keys, provider) =>
        {
            // An application that keeps its keys elsewhere goes on doing so.
            if (keys.XmlRepository is not null || provider.GetRequiredService<SharedRedis>().Connection is not { } redis)
                return;
            var name = provider.GetRequiredService<RedisKeys>().DataProtectionKeys;
            keys.XmlRepository = new RememberingXmlRepository(new RedisXmlRepository(() => Connected(redis), name));
        });
        return streams;
    }

    private static void Share<T>(IServiceCollection services, Func<IServiceProvider, RedisClient, T> create)
        where T : class =>
        services.TryAddSingleton(new SharedService<T>(provider =>
            provider.GetRequiredService<SharedRedis>().Client is { } redis ? create(provider, redis) : null));

    private static ConnectionMultiplexer Connect(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        // A Redis that is away at the start is no error: the client keeps trying, and health says so.
        options.AbortOnConnectFail = false;
        return ConnectionMultiplexer.Connect(options);
    }

    // The repository asks synchronously; a Redis that is away must not hold up a thread per client for its time-out.
    private static IDatabase Connected(IConnectionMultiplexer redis) => redis.IsConnected
        ? redis.GetDatabase()
        : throw new IOException("Redis is not connected.");

    private static StreamsOptions Streams(IServiceProvider provider) => provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
}
