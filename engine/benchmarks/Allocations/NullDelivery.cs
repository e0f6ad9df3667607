using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Benchmarks;

/// <summary>The engine as a server runs it, but with connections that end in a <see cref="NullSink"/>.</summary>
internal sealed class NullDelivery : IDelivery
{
    public const string Topic = "load/all";

    private readonly IHost _host;
    private readonly NullSink[] _sinks;
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();

    private NullDelivery(IHost host, int connections)
    {
        _host = host;
        _sinks = [.. Enumerable.Range(0, connections).Select(_ => new NullSink())];
    }

    public IEventPublisher Publisher => _host.Services.GetRequiredService<IEventPublisher>();

    private long Published { get; set; }

    public static Task<NullDelivery> StartAsync(int connections, CancellationToken cancellationToken) => StartAsync(connections, Topic, cancellationToken);

    public static async Task<NullDelivery> StartAsync(int connections, string topic, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddEventStreams();
        var delivery = new NullDelivery(builder.Build(), connections);
        await delivery._host.StartAsync(cancellationToken);
        foreach (var sink in delivery._sinks)
            delivery.Connect(sink, topic);
        return delivery;
    }

    /// <summary>Lets strangers subscribe to what is never published, a hundred filters each.</summary>
    public void AddStrangers(IEnumerable<TopicFilter> filters)
    {
        var services = _host.Services;
        foreach (var some in filters.Chunk(100))
            services.GetRequiredService<ConnectionSet>().Add(new Connection(services.GetRequiredService<DeliveryContext>(), some, StartingPoint.At(services.GetRequiredService<IEventLog>().State.Latest, false)));
    }

    public bool HasDelivered(long events)
    {
        foreach (var sink in _sinks)
        {
            if (sink.Flushed < events)
                return false;
        }

        return true;
    }

    /// <summary>Waits, turning, until one more event has reached every sink.</summary>
    public void AwaitDelivery(CancellationToken cancellationToken) => AwaitDelivery(1, cancellationToken);

    /// <summary>Waits, turning, until so many more events have reached every sink.</summary>
    public void AwaitDelivery(int events, CancellationToken cancellationToken)
    {
        Published += events;
        var spin = new SpinWait();
        while (!HasDelivered(Published))
        {
            cancellationToken.ThrowIfCancellationRequested();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _host.StopAsync();
        _host.Dispose();
        _stopping.Dispose();
    }

    private void Connect(NullSink sink, string topic)
    {
        var services = _host.Services;
        var start = services.GetRequiredService<IEventLog>().State.Latest;
        var connection = new Connection(services.GetRequiredService<DeliveryContext>(), [TopicFilter.Parse(topic)], StartingPoint.At(start, false));
        services.GetRequiredService<ConnectionSet>().Add(connection);
        _running.Add(connection.RunAsync(sink, _stopping.Token));
    }
}
