using System.Diagnostics.Metrics;

namespace Buffkit.Streams.Sql;

/// <summary>The history's instruments.</summary>
internal sealed class HistoryMetrics : IDisposable
{
    private readonly Meter _meter;

    public HistoryMetrics(IMeterFactory meters, HistoryHealth health)
    {
        _meter = meters.Create(StreamsTelemetry.MeterName);
        _meter.CreateObservableCounter(StreamsTelemetry.HistoryWritten, () => health.Written, "{event}", "Events that this server wrote to the history.");
        _meter.CreateObservableCounter(StreamsTelemetry.HistoryErrors, () => health.Errors, "{error}", "Times that the history could not be read, written or pruned.");
        _meter.CreateObservableUpDownCounter(StreamsTelemetry.HistoryLag, () => health.IsWriter ? [new Measurement<long>(health.Lag)] : Array.Empty<Measurement<long>>(), "{event}", "Events that the history does not have yet.");
        _meter.CreateObservableGauge(StreamsTelemetry.HistoryWriter, () => health.IsWriter ? 1 : 0, description: "Whether this server writes the history.");
    }

    public void Dispose() => _meter.Dispose();
}
