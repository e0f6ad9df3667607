using System.Diagnostics;
using HdrHistogram;

namespace Buffkit.Benchmarks;

/// <summary>What one read loop counted. Written by its thread; others take a <see cref="Snapshot"/> through the loop.</summary>
internal sealed class ReadFigures
{
    // Two digits: a percentile's error is below one in a hundred, the array stays in the processor's cache.
    private const int Digits = 2;
    private static readonly long LongestMicroseconds = (long)TimeSpan.FromMinutes(2).TotalMicroseconds;
    private static readonly double MicrosecondsPerTick = 1e6 / Stopwatch.Frequency;

    private LongHistogram _latency = NewHistogram();
    private long _deliveries;
    private long _now;

    public int Ready { get; set; }

    public int Ended { get; set; }

    public string? EndReason { get; set; }

    public long Reads { get; set; }

    public long Gaps { get; set; }

    public long Missed { get; set; }

    public long Repeated { get; set; }

    /// <summary>Takes the time of a read once for all events in it.</summary>
    public void BeginRead() => _now = Stopwatch.GetTimestamp();

    public void Delivered(long publishedTicks)
    {
        _deliveries++;
        var microseconds = (long)((_now - publishedTicks) * MicrosecondsPerTick);
        _latency.RecordValue(Math.Clamp(microseconds, 1, LongestMicroseconds));
    }

    /// <summary>What was counted so far; latencies only since the last snapshot. The loop's thread only.</summary>
    public Snapshot Take()
    {
        var latency = _latency;
        _latency = NewHistogram();
        return new Snapshot(Ready, Ended, EndReason, _deliveries, Reads, Gaps, Missed, Repeated, latency);
    }

    private static LongHistogram NewHistogram() => new(LongestMicroseconds, Digits);

    internal sealed record Snapshot(
        int Ready, int Ended, string? EndReason, long Deliveries, long Reads, long Gaps, long Missed, long Repeated, LongHistogram Latency);
}
