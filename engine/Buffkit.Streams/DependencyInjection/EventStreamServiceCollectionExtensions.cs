using Buffkit.Streams;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the stream engine to a host.</summary>
public static class EventStreamServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine with its options from section <c>Streams</c>, checked when the host starts. By itself it runs alone, with a log in
    /// memory; what is called on the builder adds to it.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options in code, after the configuration.</param>
    /// <returns>For what else the engine is made of, such as <c>AddRedis</c>.</returns>
    public static EventStreamsBuilder AddEventStreams(this IServiceCollection services, Action<StreamsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var configured = services.AddOptions<StreamsOptions>().BindConfiguration(StreamsOptions.Section).ValidateOnStart();
        if (configure is not null)
            configured.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamsOptions>, StreamsOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();

        services.TryAddSingleton(provider => provider.GetShared<IEventLog>(
            () => new MemoryEventLog(Options(provider).Log, provider.GetRequiredService<TimeProvider>())));
        services.TryAddSingleton(provider => new EventTail(Options(provider).Tail));
        services.TryAddSingleton<StartingPointFinder>();
        services.TryAddSingleton(provider =>
            new ReplayReader(provider.GetRequiredService<IEventLog>(), provider.GetService<IEventHistory>()));
        services.TryAddSingleton<FrameEncoder>();
        services.TryAddSingleton<DeliveryContext>();
        services.TryAddSingleton<ConnectionRunner>();
        services.TryAddSingleton<ConnectionSet>();
        services.TryAddSingleton<StreamsMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionObserver, ConnectionMetrics>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionObserver, ConnectionTrace>());
        services.TryAddSingleton<EventPublisher>();
        services.TryAddSingleton<IEventPublisher>(provider => provider.GetRequiredService<EventPublisher>());

        services.TryAddSingleton(provider => provider.GetShared<IPresenceStore>(
            () => new MemoryPresenceStore(Options(provider).Presence, provider.GetRequiredService<TimeProvider>())));
        services.TryAddSingleton<PresenceTracker>();
        services.AddHostedService(provider => provider.GetRequiredService<PresenceTracker>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionObserver, PresenceTracker>(provider => provider.GetRequiredService<PresenceTracker>()));
        services.TryAddSingleton<PresenceEndpoint>();

        services.TryAddSingleton<ConnectionDrain>();
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionDrain>());
        services.TryAddSingleton<WakePacer>();
        services.AddHostedService(provider => provider.GetRequiredService<WakePacer>());
        services.AddHostedService<TailFeeder>();
        services.AddHostedService<ConnectionWatchdog>();

        services.AddHealthChecks().AddCheck<StreamsHealthCheck>(StreamsHealthCheck.Name);
        services.AddSessions();
        services.AddAdmission();
        services.TryAddSingleton<ProtectedKeys>();
        services.TryAddSingleton<IEventEncryption, NoEncryption>();
        services.TryAddSingleton<IKeysEndpoint, NoEncryption>();
        services.AddOptions<StreamsOptions>().Validate<IConfiguration, IEnumerable<EncryptionIsAdded>>(
            (_, configuration, added) => added.Any() || !configuration.GetSection(NoEncryption.TopicsKey).Exists(),
            $"{NoEncryption.TopicsKey} names topics that are to be encrypted, and nothing encrypts: call AddEncryption() after AddEventStreams().");
        services.TryAddSingleton<FragmentRenderer>();
        services.TryAddSingleton<SseTransport>();
        services.TryAddSingleton<SharedPages>();
        services.TryAddSingleton<LongPollTransport>();
        services.TryAddSingleton<WebSocketTransport>();
        services.TryAddSingleton<SubscribeEndpoint>();
        services.TryAddSingleton<PublishBodyReader>();
        services.TryAddSingleton<PublishEndpoint>();
        services.TryAddSingleton<SessionEndpoint>();
        return new EventStreamsBuilder(services);
    }

    private static StreamsOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
}
