namespace Buffkit.Streams;

/// <summary>
/// A span where a stream begins, within its request's trace: that request's own span ends with the stream, hours later, and is not seen
/// before.
/// </summary>
internal sealed class ConnectionTrace : IConnectionObserver
{
    public void Opened(Connection connection)
    {
        // The span of a poll's request ends soon.
        if (connection.IsPoll)
            return;
        using var span = StreamsActivities.Source.StartActivity("subscribe");
        if (span is not { IsAllDataRequested: true })
            return;
        span.SetTag(StreamsActivities.SystemTag, StreamsActivities.System);
        span.SetTag(StreamsTelemetry.TransportTag, ConnectionMetrics.Name(connection.Caller.Transport));
        span.SetTag(StreamsTelemetry.OutcomeTag, ConnectionMetrics.Name(connection.Caller.Outcome));
        span.SetTag(StreamsTelemetry.SessionTag, connection.Session.ToString());
    }

    public void Closed(Connection connection)
    {
        // Why it ended is told by metrics and by its last word.
    }
}
