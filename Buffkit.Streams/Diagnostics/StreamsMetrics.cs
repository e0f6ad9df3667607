using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>The engine's instruments.</summary>
internal sealed class StreamsMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _published;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _gaps;
    private readonly Counter<long> _tailGaps;
    private readonly Counter<long> _writeTimeouts;

    public StreamsMetrics(IMeterFactory meters, ConnectionSet connections, EventTail tail)
    {
        _meter = meters.Create(StreamsTelemetry.MeterName);
        _published = _meter.CreateCounter<long>(StreamsTelemetry.Published, "{event}", "Events that the log took from this server.");
        _delivered = _meter.CreateCounter<long>(StreamsTelemetry.Delivered, "{event}", "Events delivered, once per connection.");
        _sent = _meter.CreateCounter<long>(StreamsTelemetry.SentBytes, "By", "Bytes of frames handed to connections.");
        _gaps = _meter.CreateCounter<long>(StreamsTelemetry.Gaps, "{gap}", "Gaps announced on connecting.");
        _tailGaps = _meter.CreateCounter<long>(StreamsTelemetry.TailGaps, "{gap}", "Gaps in this server's tail.");
        _writeTimeouts = _meter.CreateCounter<long>(
            StreamsTelemetry.WriteTimeouts, "{connection}", "Connections cut because a write did not get through.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.Connections, () => connections.Count, "{connection}", "Open connections.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.TailEvents, () => tail.Usage.Entries, "{event}", "Events in the tail.");
        _meter.CreateObservableUpDownCounter(
            StreamsTelemetry.TailBytes, () => tail.Usage.Bytes, "By", "Bytes of events in the tail.");
    }

    public void Published(int events) => _published.Add(events);

    public void Sent(int events, int bytes)
    {
        _delivered.Add(events);
        _sent.Add(bytes);
    }

    public void GapOnConnect(GapReason reason) =>
        _gaps.Add(1, new KeyValuePair<string, object?>(StreamsTelemetry.ReasonTag, reason.WireName()));

    public void GapInTail() => _tailGaps.Add(1);

    public void WriteTimedOut() => _writeTimeouts.Add(1);

    public void Dispose() => _meter.Dispose();
}
