using System.Diagnostics.Metrics;

namespace Buffkit.Streams.Redis;

/// <summary>The instruments of Redis.</summary>
internal sealed class RedisMetrics
{
    // The factory keeps one meter per name, and disposes of it.
    public RedisMetrics(IMeterFactory meters, RedisAvailability availability) =>
        meters.Create(StreamsTelemetry.MeterName).CreateObservableCounter(
            StreamsTelemetry.RedisErrors, () => availability.Errors, "{error}", "Times that Redis did not answer, or refused.");
}
