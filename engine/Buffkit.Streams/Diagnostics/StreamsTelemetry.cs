namespace Buffkit.Streams;

/// <summary>Names under which the engine reports, for exporters and dashboards.</summary>
public static class StreamsTelemetry
{
    /// <summary>The meter.</summary>
    public const string MeterName = "EventStreams";

    /// <summary>Open connections; <c>{connection}</c>.</summary>
    public const string Connections = "event_streams.connections";

    /// <summary>Events that the log took from this server; <c>{event}</c>.</summary>
    public const string Published = "event_streams.published";

    /// <summary>Events handed to the network, counted once per connection; <c>{event}</c>.</summary>
    public const string Delivered = "event_streams.delivered";

    /// <summary>Bytes of frames handed to connections; <c>By</c>.</summary>
    public const string SentBytes = "event_streams.sent";

    /// <summary>Whether the log answers, 1 or 0.</summary>
    public const string LogAvailable = "event_streams.log.available";

    /// <summary>Gaps announced to connections; <c>{gap}</c>, by <see cref="ReasonTag"/>.</summary>
    public const string Gaps = "event_streams.gaps";

    /// <summary>Gaps in this server's tail: the log lost events before they were read; <c>{gap}</c>.</summary>
    public const string TailGaps = "event_streams.tail.gaps";

    /// <summary>Connections cut because a write did not get through; <c>{connection}</c>.</summary>
    public const string WriteTimeouts = "event_streams.write_timeouts";

    /// <summary>Times that more waited for a connection than it may hold; <c>{overflow}</c>, by <see cref="PolicyTag"/>.</summary>
    public const string Overflows = "event_streams.overflows";

    /// <summary>Events in the tail; <c>{event}</c>.</summary>
    public const string TailEvents = "event_streams.tail.events";

    /// <summary>Bytes of events in the tail; <c>By</c>.</summary>
    public const string TailBytes = "event_streams.tail.size";

    /// <summary>Sessions revoked because a replaced token came again; <c>{session}</c>.</summary>
    public const string SessionsRevoked = "event_streams.sessions.revoked";

    /// <summary>Session tokens that came from an address they are not bound to; <c>{token}</c>.</summary>
    public const string SessionsMisbound = "event_streams.sessions.misbound";

    /// <summary>
    /// Requests refused; <c>{request}</c>, by <see cref="ReasonTag"/>: <c>cross-site</c>, <c>topic</c>, <c>rate</c>,
    /// <c>connections</c>, <c>breaker</c>, <c>body</c> or <c>presence</c>.
    /// </summary>
    public const string Refused = "event_streams.refused";

    /// <summary>Events that this server wrote to the history; <c>{event}</c>.</summary>
    public const string HistoryWritten = "event_streams.history.written";

    /// <summary>Events that the log holds and the history not yet, told by the server that writes it; <c>{event}</c>.</summary>
    public const string HistoryLag = "event_streams.history.lag";

    /// <summary>Whether this server is the one that writes the history, 1 or 0.</summary>
    public const string HistoryWriter = "event_streams.history.writer";

    /// <summary>Events of the outbox that this server published; <c>{event}</c>.</summary>
    public const string OutboxPublished = "event_streams.outbox.published";

    /// <summary>Events of the outbox that wait to be published, told by the server that publishes them; <c>{event}</c>.</summary>
    public const string OutboxWaiting = "event_streams.outbox.waiting";

    /// <summary>For how long the oldest of them has waited; <c>s</c>.</summary>
    public const string OutboxOldest = "event_streams.outbox.oldest_age";

    /// <summary>Events of the outbox that cannot be published; <c>{event}</c>.</summary>
    public const string OutboxSetAside = "event_streams.outbox.set_aside";

    /// <summary>Whether this server is the one that publishes the outbox, 1 or 0.</summary>
    public const string OutboxRelay = "event_streams.outbox.relay";

    /// <summary>Tag: the delivery policy that applied.</summary>
    public const string PolicyTag = "policy";

    /// <summary>Tag: why.</summary>
    public const string ReasonTag = "reason";
}
