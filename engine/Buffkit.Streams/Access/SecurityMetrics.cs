using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>What was refused and revoked.</summary>
internal sealed class SecurityMetrics
{
    private long _revoked;
    private readonly Counter<long> _misbound;
    private readonly Counter<long> _refused;

    // The factory keeps one meter per name, and disposes of it.
    public SecurityMetrics(IMeterFactory meters, SessionPace pace)
    {
        var meter = meters.Create(StreamsTelemetry.MeterName);
        // From the start, as 0: what shows a growth would not see the first.
        meter.CreateObservableCounter(
            StreamsTelemetry.SessionsRevoked, () => Interlocked.Read(ref _revoked), "{session}", "Sessions revoked because a replaced token came again.");
        _misbound = meter.CreateCounter<long>(StreamsTelemetry.SessionsMisbound, "{token}", "Tokens that came from an address they are not bound to.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.BreakersOpen, () => pace.CountKeptOut(), "{session}", "Sessions that the breaker keeps out.");
        _refused = meter.CreateCounter<long>(StreamsTelemetry.Refused, "{request}", "Requests refused.");
    }

    public void Revoked() => Interlocked.Increment(ref _revoked);

    public void Misbound() => _misbound.Add(1);

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>(StreamsTelemetry.ReasonTag, reason));
}
