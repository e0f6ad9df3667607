using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the stream engine to a host.</summary>
public static class EventStreamServiceCollectionExtensions
{
    /// <summary>Adds the engine with its options from section <c>Streams</c>, checked when the host starts.</summary>
    public static IServiceCollection AddEventStreams(this IServiceCollection services)
    {
        services.AddOptions<StreamsOptions>().BindConfiguration(StreamsOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamsOptions>, StreamsOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();

        services.AddEventLog();
        services.TryAddSingleton(provider => new EventTail(Options(provider).Tail));
        services.TryAddSingleton<StartingPointFinder>();
        services.TryAddSingleton(provider =>
            new ReplayReader(provider.GetRequiredService<IEventLog>(), provider.GetService<IEventHistory>()));
        services.TryAddSingleton<FrameEncoder>();
        services.TryAddSingleton<DeliveryContext>();
        services.TryAddSingleton<ConnectionRunner>();
        services.TryAddSingleton<ConnectionSet>();
        services.TryAddSingleton<StreamsMetrics>();
        services.TryAddSingleton(provider => new EventPublisher(
            provider.GetRequiredService<IEventLog>(),
            provider.GetRequiredService<EventEncryption>(),
            provider.GetRequiredService<StreamsMetrics>(),
            provider.GetRequiredService<IOptions<StreamsOptions>>()));

        //#if (redis)
        services.TryAddSingleton<IPresenceStore>(provider => EventLogRegistration.IsShared(provider)
            ? new RedisPresenceStore(provider.GetRequiredService<RedisConnections>(), provider.GetRequiredService<RedisKeys>(), Options(provider).Presence)
            : new MemoryPresenceStore(Options(provider).Presence, provider.GetRequiredService<TimeProvider>()));
        ////#else
        //services.TryAddSingleton<IPresenceStore>(provider =>
        //    new MemoryPresenceStore(Options(provider).Presence, provider.GetRequiredService<TimeProvider>()));
        //#endif
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
        services.AddEncryption();
        services.TryAddSingleton<FragmentRenderer>();
        services.TryAddSingleton<SseTransport>();
        services.TryAddSingleton<LongPollTransport>();
        services.TryAddSingleton<WebSocketTransport>();
        services.TryAddSingleton<SubscribeEndpoint>();
        services.TryAddSingleton<PublishBodyReader>();
        services.TryAddSingleton<PublishEndpoint>();
        services.TryAddSingleton<SessionEndpoint>();
        return services;
    }

    private static StreamsOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<StreamsOptions>>().Value;
}
