using Buffkit.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers clients of event streams.</summary>
public static class EventStreamClientServiceCollectionExtensions
{
    private const string DefaultName = "EventStreams";

    /// <summary>Registers <see cref="EventStreamClient"/>, one for the application.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets its options.</param>
    /// <returns>The builder of its <see cref="HttpClient"/>: for the address, handlers and certificates.</returns>
    public static IHttpClientBuilder AddEventStreamClient(this IServiceCollection services, Action<EventStreamClientOptions>? configure = null)
    {
        var http = Add(services, DefaultName, configure);
        services.AddSingleton(provider => Make(provider, DefaultName));
        return http;
    }

    /// <summary>Registers an <see cref="EventStreamClient"/> by a name, for applications with several: ask for it with <c>[FromKeyedServices(name)]</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Its name, and that of its <see cref="HttpClient"/>.</param>
    /// <param name="configure">Sets its options.</param>
    /// <returns>The builder of its <see cref="HttpClient"/>.</returns>
    public static IHttpClientBuilder AddEventStreamClient(this IServiceCollection services, string name, Action<EventStreamClientOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var http = Add(services, name, configure);
        services.AddKeyedSingleton(name, (provider, _) => Make(provider, name));
        return http;
    }

    private static IHttpClientBuilder Add(IServiceCollection services, string name, Action<EventStreamClientOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddLogging();
        if (configure is not null)
            services.AddOptions<EventStreamClientOptions>(name).Configure(configure);
        return services.AddHttpClient(name).ConfigurePrimaryHttpMessageHandler(static () => EventStreamClient.CreateHandler());
    }

    // A client of the factory is taken for each request: its handlers change now and then, and a stream is one request.
    private static EventStreamClient Make(IServiceProvider provider, string name)
    {
        var factory = provider.GetRequiredService<IHttpClientFactory>();
        return new EventStreamClient(
            () => factory.CreateClient(name),
            provider.GetRequiredService<IOptionsMonitor<EventStreamClientOptions>>().Get(name),
            provider.GetService<ILogger<EventStreamClient>>(),
            provider.GetService<TimeProvider>());
    }
}
