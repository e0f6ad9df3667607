using BenchmarkDotNet.Attributes;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>
/// One event is offered to all who asked for its topic: matched in the topic index, put before each connection, those that
/// sleep woken, taken and passed to a sink that sends nothing.
/// </summary>
public class DispatchBenchmarks
{
    private NullDelivery _delivery = null!;
    private EventDraft _draft = null!;

    [Params(1, 1_000, 10_000)]
    public int Connections { get; set; }

    [GlobalSetup]
    public async Task StartAsync()
    {
        _draft = SampleEvents.Event(1, NullDelivery.Topic).Draft;
        _delivery = await NullDelivery.StartAsync(Connections, CancellationToken.None);
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _delivery.DisposeAsync();

    /// <remarks>From publish to the last connection's flush.</remarks>
    [Benchmark]
    public async Task PublishAndDeliver()
    {
        await _delivery.Publisher.PublishAsync(_draft);
        _delivery.AwaitDelivery(CancellationToken.None);
    }
}
