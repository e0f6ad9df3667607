namespace Buffkit.Streams;

/// <summary>Names under which the engine reports, for exporters and dashboards.</summary>
public static class StreamsTelemetry
{
    /// <summary>The meter.</summary>
    public const string MeterName = "EventStreams";

    /// <summary>The activity source.</summary>
    public const string ActivitySourceName = MeterName;

    /// <summary>Open connections; <c>{connection}</c>, by <see cref="TransportTag"/>.</summary>
    public const string Connections = "event_streams.connections";

    /// <summary>
    /// Streams that began, polls left out; <c>{connection}</c>, by <see cref="TransportTag"/> and <see cref="OutcomeTag"/>. One whose log is
    /// away at its beginning counts as recovered, and may be told of a gap later.
    /// </summary>
    public const string ConnectionsOpened = "event_streams.connections.opened";

    /// <summary>Connections ended because their clients are too slow; <c>{connection}</c>, by <see cref="ReasonTag"/>: <c>policy</c> or <c>write_timeout</c>.</summary>
    public const string ConnectionsEvicted = "event_streams.connections.evicted";

    /// <summary>Sessions that have a connection to this server; <c>{session}</c>.</summary>
    public const string Sessions = "event_streams.sessions";

    /// <summary>Bytes of events that wait for connections, for each session on average; <c>By</c>. Events are shared: their sum may be more than is held.</summary>
    public const string SessionMemory = "event_streams.sessions.memory";

    /// <summary>Events that the log took from this server; <c>{event}</c>.</summary>
    public const string Published = "event_streams.published";

    /// <summary>Events handed to the network, counted once per connection; <c>{event}</c>.</summary>
    public const string Delivered = "event_streams.delivered";

    /// <summary>Bytes of frames handed to connections; <c>By</c>.</summary>
    public const string SentBytes = "event_streams.sent";

    /// <summary>
    /// Histogram, <c>s</c>: from an event's time in the log to the end of the write that carried it. Once per write, of the oldest event in it;
    /// replays are left out.
    /// </summary>
    public const string DeliveryLag = "event_streams.delivery.lag";

    /// <summary>Events left out for clients that are too slow; <c>{event}</c>, by <see cref="PolicyTag"/>.</summary>
    public const string Dropped = "event_streams.dropped";

    /// <summary>Events that wait for live connections, counted once for each; <c>{event}</c>.</summary>
    public const string QueueEvents = "event_streams.queue.events";

    /// <summary>Bytes of events that wait for live connections, counted once for each; <c>By</c>.</summary>
    public const string QueueBytes = "event_streams.queue.size";

    /// <summary>Bytes that were compressed; <c>By</c>. Each live event is compressed once, however many connections get it.</summary>
    public const string CompressionInput = "event_streams.compression.input";

    /// <summary>Bytes that came of it; <c>By</c>.</summary>
    public const string CompressionOutput = "event_streams.compression.output";

    /// <summary>Events that the log holds at most, as far as this server knows; <c>{event}</c>.</summary>
    public const string LogEvents = "event_streams.log.events";

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

    /// <summary>Events that the log is known to hold and this server's tail not yet; <c>{event}</c>.</summary>
    public const string TailLag = "event_streams.tail.lag";

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

    /// <summary>Sessions that the circuit breaker keeps out; <c>{session}</c>.</summary>
    public const string BreakersOpen = "event_streams.breakers.open";

    /// <summary>Times that Redis did not answer this server's log, or refused an event; <c>{error}</c>.</summary>
    public const string RedisErrors = "event_streams.redis.errors";

    /// <summary>Times that the history could not be read, written or pruned; <c>{error}</c>.</summary>
    public const string HistoryErrors = "event_streams.history.errors";

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

    /// <summary>Times that the log did not take events of the outbox, or its database did not answer; <c>{error}</c>.</summary>
    public const string OutboxErrors = "event_streams.outbox.errors";

    /// <summary>Whether this server is the one that publishes the outbox, 1 or 0.</summary>
    public const string OutboxRelay = "event_streams.outbox.relay";

    /// <summary>Tag: what carries the connection: <c>sse</c>, <c>websocket</c> or <c>long_poll</c>.</summary>
    public const string TransportTag = "transport";

    /// <summary>
    /// Tag: how a stream began: <c>new</c> without a cursor, <c>recovered</c> with all that followed its cursor, <c>gap</c> where something is missing.
    /// </summary>
    public const string OutcomeTag = "outcome";

    /// <summary>Tag: the delivery policy that applied.</summary>
    public const string PolicyTag = "policy";

    /// <summary>Tag of spans: a session's public id, as <c>stream.open</c> told it.</summary>
    public const string SessionTag = "event_streams.session";

    /// <summary>Tag: why.</summary>
    public const string ReasonTag = "reason";
}
