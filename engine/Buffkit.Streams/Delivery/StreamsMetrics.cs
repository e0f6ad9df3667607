using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>The engine's instruments.</summary>
internal sealed class StreamsMetrics : IDisposable
{
    // Twice as long each time, from half a millisecond to more than two minutes.
    private static readonly double[] LagBounds = [.. Enumerable.Range(0, 19).Select(n => 0.0005 * Math.Pow(2, n))];

    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly TaggedCounts _gaps;
    private readonly Counter<long> _tailGaps;
    private readonly Counter<long> _writeTimeouts;
    private readonly Counter<long> _overflows;
    private readonly TaggedCounts _dropped;
    private readonly TaggedCounts _evicted;
    private readonly Histogram<double> _lag;

    // Counted here and read when someone collects: an instrument's Add per write would cost more than the rest of the bookkeeping.
    private long _delivered;
    private long _sent;

    public StreamsMetrics(IMeterFactory meters, FrameEncoder encoder, EventTail tail, IEventLog log, IOptions<StreamsOptions> options)
    {
        // A server learns of the log's newest event at once, and of its oldest seldom.
        var maxEvents = options.Value.Log.MaxEvents;
        _meter = meters.Create(StreamsTelemetry.MeterName);
        _published = _meter.CreateCounter<long>(StreamsTelemetry.Published, "{event}", "Events that the log took from this server.");
        _meter.CreateObservableCounter(
            StreamsTelemetry.Delivered, () => Interlocked.Read(ref _delivered), "{event}", "Events delivered, once per connection.");
        _meter.CreateObservableCounter(
            StreamsTelemetry.SentBytes, () => Interlocked.Read(ref _sent), "By", "Bytes of frames handed to connections.");
        _gaps = new TaggedCounts(
            _meter, StreamsTelemetry.Gaps, "{gap}", "Gaps announced to connections.", StreamsTelemetry.ReasonTag, Enum.GetValues<GapReason>().Select(reason => reason.WireName()));
        _tailGaps = _meter.CreateCounter<long>(StreamsTelemetry.TailGaps, "{gap}", "Gaps in this server's tail.");
        _writeTimeouts = _meter.CreateCounter<long>(
            StreamsTelemetry.WriteTimeouts, "{connection}", "Connections cut because a write did not get through.");
        _overflows = _meter.CreateCounter<long>(
            StreamsTelemetry.Overflows, "{overflow}", "Times that more waited for a connection than it may hold.");
        _dropped = new TaggedCounts(
            _meter, StreamsTelemetry.Dropped, "{event}", "Events left out for clients that are too slow.", StreamsTelemetry.PolicyTag, Enum.GetNames<DeliveryPolicy>());
        _evicted = new TaggedCounts(
            _meter,
            StreamsTelemetry.ConnectionsEvicted,
            "{connection}",
            "Connections ended because their clients are too slow.",
            StreamsTelemetry.ReasonTag,
            ["policy", "write_timeout"]);
        _lag = _meter.CreateHistogram(
            StreamsTelemetry.DeliveryLag,
            "s",
            "From an event's time in the log to the end of the write that carried it.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LagBounds });
        _meter.CreateObservableCounter(StreamsTelemetry.CompressionInput, () => encoder.Compressed.From, "By", "Bytes that were compressed.");
        _meter.CreateObservableCounter(StreamsTelemetry.CompressionOutput, () => encoder.Compressed.To, "By", "Bytes that came of it.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.LogEvents, () => Math.Min(HeldBy(log.State), maxEvents), "{event}", "Events that the log holds.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.TailLag, () => tail.Lag(log.State.Latest), "{event}", "Events that the tail does not have yet.");
        _meter.CreateObservableGauge(
            StreamsTelemetry.LogAvailable, () => log.IsAvailable ? 1 : 0, description: "Whether the log answers.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.TailEvents, () => tail.Usage.Entries, "{event}", "Events in the tail.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.TailBytes, () => tail.Usage.Bytes, "By", "Bytes of events in the tail.");
    }

    public void Published(int events) => _published.Add(events);

    public void Sent(int events, int bytes)
    {
        Interlocked.Add(ref _delivered, events);
        Interlocked.Add(ref _sent, bytes);
    }

    public void Gap(GapReason reason) => _gaps.Add((int)reason, 1);

    public void FellBehind(DeliveryPolicy policy) =>
        _overflows.Add(1, new KeyValuePair<string, object?>(StreamsTelemetry.PolicyTag, policy.ToString()));

    public void Dropped(DeliveryPolicy policy, int events) => _dropped.Add((int)policy, events);

    public void Evicted(Eviction reason) => _evicted.Add((int)reason, 1);

    /// <summary>Whether somebody collects the lag: then the clock is worth being asked.</summary>
    public bool WantsLag => _lag.Enabled;

    /// <summary>Notes how long ago an event came into the log, in ticks. Clocks of servers may differ: none is delivered before.</summary>
    public void Lag(long ticks) => _lag.Record(Math.Max(ticks, 0) / (double)TimeSpan.TicksPerSecond);

    public void GapInTail() => _tailGaps.Add(1);

    public void WriteTimedOut() => _writeTimeouts.Add(1);

    public void Dispose() => _meter.Dispose();

    private static long HeldBy(LogState log) => log.IsKnown ? log.Latest.Sequence - log.Oldest.Sequence + 1 : 0;
}

/// <summary>Why a connection was ended whose client is too slow.</summary>
internal enum Eviction
{
    Policy,
    WriteTimeout,
}
