using BenchmarkDotNet.Attributes;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>An event becomes a frame: once per event and wire form, whatever the number of connections.</summary>
public class EncodeBenchmarks
{
    private readonly StreamEvent _small = SampleEvents.Event(1);
    private readonly StreamEvent _large = SampleEvents.Event(1, bytes: SampleEvents.LargeBytes);

    [Benchmark]
    public int SmallEvent() => new TailEntry(_small).Frame(WireForm.RawSse).Length;

    [Benchmark]
    public int LargeEvent() => new TailEntry(_large).Frame(WireForm.RawSse).Length;
}
