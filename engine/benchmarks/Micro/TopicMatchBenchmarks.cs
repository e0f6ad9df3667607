using BenchmarkDotNet.Attributes;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Who asked for a topic, among subscribers to 100,000 topics and to wildcards.</summary>
public class TopicMatchBenchmarks
{
    private const int Topics = 100_000;

    private readonly TopicIndex<object> _index = new();
    private readonly List<object> _found = [];
    private readonly Topic _one = Topic.Parse("orders/77777");
    private readonly Topic _underWildcards = Topic.Parse("shops/12/orders");
    private readonly Topic _none = Topic.Parse("invoices/1");

    [GlobalSetup]
    public void Subscribe()
    {
        for (var i = 0; i < Topics; i++)
            _index.Add(TopicFilter.Parse($"orders/{i}"), new object());
        foreach (var filter in (string[])["shops/*/orders", "shops/12/*", "shops/**", "shops/12/orders"])
            _index.Add(TopicFilter.Parse(filter), new object());
    }

    [Benchmark]
    public int OneOf100000Topics() => Match(_one);

    [Benchmark]
    public int FourWildcards() => Match(_underWildcards);

    [Benchmark]
    public int Nobody() => Match(_none);

    private int Match(Topic topic)
    {
        _index.Match(topic, _found);
        return _found.Count;
    }
}
