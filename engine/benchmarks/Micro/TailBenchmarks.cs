using BenchmarkDotNet.Attributes;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>The ring: the feeder appends, every connection reads, a connect looks up its cursor.</summary>
public class TailBenchmarks
{
    private const int Entries = 8_192;

    private readonly EventTail _tail = new(new TailOptions { Capacity = Entries });
    private readonly StreamEvent _event = SampleEvents.Event(1);
    private long _appended;

    [GlobalSetup]
    public void Fill()
    {
        _tail.Start(SampleEvents.Id(0));
        for (var i = 1; i <= 2 * Entries; i++)
            _tail.Append(SampleEvents.Entry(i));
        _appended = 2 * Entries;
    }

    /// <remarks>With the entry's own allocation, which is all that an event costs here.</remarks>
    [Benchmark]
    public void Append() =>
        _tail.Append(new TailEntry(new StreamEvent(SampleEvents.Id(++_appended), _event.Time, _event.Draft)));

    [Benchmark(OperationsPerInvoke = Entries / 2)]
    public long ReadHalf()
    {
        var sum = 0L;
        for (var index = _tail.Head - Entries / 2 + 1; _tail.Read(index, out var entry) is TailRead.Found; index++)
            sum += entry.Size;
        return sum;
    }

    [Benchmark]
    public long Find()
    {
        _tail.Find(SampleEvents.Id(_appended - Entries / 2), out var index);
        return index;
    }
}
