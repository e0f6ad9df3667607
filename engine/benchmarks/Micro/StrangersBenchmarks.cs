using BenchmarkDotNet.Attributes;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>
/// What one event costs its publisher and its subscriber, from publish to flush, beside 100,000 different wildcard filters of
/// strangers, which begin as the event's topic does and match nothing.
/// </summary>
public class StrangersBenchmarks
{
    private const string Topic = "public/shops/berlin/orders/42";

    // Together, since a connection waits a moment for more before it writes.
    private const int Events = 1_000;

    private NullDelivery _delivery = null!;
    private EventDraft _draft = null!;

    [Params(0, 100_000)]
    public int Strangers { get; set; }

    [GlobalSetup]
    public async Task StartAsync()
    {
        _draft = SampleEvents.Event(1, Topic).Draft;
        _delivery = await NullDelivery.StartAsync(1, Topic, CancellationToken.None);
        _delivery.AddStrangers(Filters().Take(Strangers));
    }

    [GlobalCleanup]
    public async Task StopAsync() => await _delivery.DisposeAsync();

    [Benchmark(OperationsPerInvoke = Events)]
    public async Task PublishAndDeliver()
    {
        for (var i = 0; i < Events; i++)
            await _delivery.Publisher.PublishAsync(_draft);
        _delivery.AwaitDelivery(Events, CancellationToken.None);
    }

    // Every way to have up to three of the topic's segments as wildcards, ending in what no event is published on.
    private static IEnumerable<TopicFilter> Filters()
    {
        string[] segments = ["shops", "berlin", "orders", "42"];
        for (var other = 0; ; other++)
        {
            for (var mask = 1; mask < 1 << segments.Length; mask++)
            {
                if (int.PopCount(mask) <= LimitsOptions.DefaultWildcardsPerFilter)
                    yield return TopicFilter.Parse($"public/{string.Join('/', segments.Select((segment, i) => (mask & (1 << i)) != 0 ? "*" : segment))}/{other}");
            }
        }
    }
}
