using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Benchmarks;

/// <summary>The engine in Kestrel, read over loopback by the load generator, which allocates nothing per event.</summary>
internal sealed class KestrelDelivery : IDelivery
{
    private readonly WebApplication _app;
    private readonly SubscriberCrowd _crowd;

    private KestrelDelivery(WebApplication app, SubscriberCrowd crowd) => (_app, _crowd) = (app, crowd);

    public IEventPublisher Publisher => _app.Services.GetRequiredService<IEventPublisher>();

    public static async Task<KestrelDelivery> StartAsync(int connections, CancellationToken cancellationToken)
    {
        var address = ServerProcess.FreeAddress();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddCommandLine([.. ApiServer.Unguarded]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address));
        builder.Services.AddEventStreams();
        var app = builder.Build();
        app.MapEventStreams();
        await app.StartAsync(cancellationToken);

        var delivery = new KestrelDelivery(app, new SubscriberCrowd(new JsonTarget("api", address, "/events", NullDelivery.Topic), publishers: 1));
        await delivery._crowd.OpenAsync(connections, cancellationToken);
        return delivery;
    }

    public bool HasDelivered(long events)
    {
        foreach (var subscriber in _crowd.Subscribers)
        {
            if (subscriber.Position(0) < events)
                return false;
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _crowd.DisposeAsync();
        await _app.DisposeAsync();
    }
}
