using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>The engine's instruments.</summary>
internal sealed class StreamsMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _tailGaps;
    private readonly Counter<long> _writeTimeouts;
    private readonly Counter<long> _overflows;

    // Counted here and read when someone collects: an instrument's Add per write would cost more than the rest of the bookkeeping.
    private long _delivered;
    private long _sent;

    public StreamsMetrics(IMeterFactory meters, ConnectionSet connections, EventTail tail, IEventLog log)
    {
        _meter = meters.Create(StreamsTelemetry.MeterName);
        _published = _meter.CreateCounter<long>(StreamsTelemetry.Published, "{event}", "Events that the log took from this server.");
        _meter.CreateObservableCounter(
            StreamsTelemetry.Delivered, () => Interlocked.Read(ref _delivered), "{event}", "Events delivered, once per connection.");
        _meter.CreateObservableCounter(
            StreamsTelemetry.SentBytes, () => Interlocked.Read(ref _sent), "By", "Bytes of frames handed to connections.");
        _gaps = _meter.CreateCounter<long>(StreamsTelemetry.Gaps, "{gap}", "Gaps announced to connections.");
        _tailGaps = _meter.CreateCounter<long>(StreamsTelemetry.TailGaps, "{gap}", "Gaps in this server's tail.");
        _writeTimeouts = _meter.CreateCounter<long>(
            StreamsTelemetry.WriteTimeouts, "{connection}", "Connections cut because a write did not get through.");
        _overflows = _meter.CreateCounter<long>(
            StreamsTelemetry.Overflows, "{overflow}", "Times that more waited for a connection than it may hold.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.Connections, () => connections.Count, "{connection}", "Open connections.");
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

    public void Gap(GapReason reason) =>
        _gaps.Add(1, new KeyValuePair<string, object?>(StreamsTelemetry.ReasonTag, reason.WireName()));

    public void FellBehind(DeliveryPolicy policy) =>
        _overflows.Add(1, new KeyValuePair<string, object?>(StreamsTelemetry.PolicyTag, policy.ToString()));

    public void GapInTail() => _tailGaps.Add(1);

    public void WriteTimedOut() => _writeTimeouts.Add(1);

    public void Dispose() => _meter.Dispose();
}
