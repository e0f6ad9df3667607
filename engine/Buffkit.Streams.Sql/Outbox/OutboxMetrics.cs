using System.Diagnostics.Metrics;

namespace Buffkit.Streams.Sql;

/// <summary>The outbox's instruments. What is in the table is told by the server that publishes it, as it was a moment ago.</summary>
internal sealed class OutboxMetrics : IDisposable
{
    private readonly Meter _meter;

    public OutboxMetrics(IMeterFactory meters, OutboxHealth health)
    {
        _meter = meters.Create(StreamsTelemetry.MeterName);
        _meter.CreateObservableCounter(StreamsTelemetry.OutboxPublished, () => health.Published, "{event}", "Events of the outbox that this server published.");
        _meter.CreateObservableCounter(StreamsTelemetry.OutboxErrors, () => health.Errors, "{error}", "Times that the outbox could not be published.");
        _meter.CreateObservableUpDownCounter(StreamsTelemetry.OutboxWaiting, () => Of(counts => counts.Waiting), "{event}", "Events that wait to be published.");
        _meter.CreateObservableGauge(StreamsTelemetry.OutboxOldest, () => Of(counts => counts.OldestAge.TotalSeconds), "s", "For how long the oldest has waited.");
        _meter.CreateObservableUpDownCounter(StreamsTelemetry.OutboxSetAside, () => Of(counts => counts.SetAside), "{event}", "Events that cannot be published.");
        _meter.CreateObservableGauge(StreamsTelemetry.OutboxRelay, () => health.IsRelay ? 1 : 0, description: "Whether this server publishes the outbox.");

        // A server that does not know says nothing: 0 would tell that all is well.
        IEnumerable<Measurement<T>> Of<T>(Func<OutboxCounts, T> value)
            where T : struct => health.Counts is { } counts ? [new Measurement<T>(value(counts))] : [];
    }

    public void Dispose() => _meter.Dispose();
}
