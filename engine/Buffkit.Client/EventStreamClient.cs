using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Client;

/// <summary>
/// Subscribes to event streams, and comes back with its cursor whatever cuts them; publishes events, each once. Safe for use by many at a time:
/// one client for a server and a caller. All its subscriptions share one session.
/// </summary>
public sealed class EventStreamClient : IDisposable
{
    private readonly ClientParts _parts;
    private readonly Publisher _publisher;

    /// <summary>Makes a client.</summary>
    /// <param name="http">
    /// Sends the requests; it stays the caller's. Its <see cref="HttpClient.Timeout"/> bounds the time to the answer's headers, not the stream.
    /// <see cref="CreateHandler"/> makes a fitting handler.
    /// </param>
    /// <param name="options">What it is told; not to be changed afterwards.</param>
    /// <param name="logger">Where it logs: neither tokens nor payloads.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">An option is out of its bounds.</exception>
    public EventStreamClient(HttpClient http, EventStreamClientOptions? options = null, ILogger<EventStreamClient>? logger = null, TimeProvider? time = null)
        : this(() => http, options, logger, time)
    {
        ArgumentNullException.ThrowIfNull(http);
    }

    internal EventStreamClient(
        Func<HttpClient> http, EventStreamClientOptions? options, ILogger<EventStreamClient>? logger, TimeProvider? time, Random? random = null)
    {
        options ??= new EventStreamClientOptions();
        options.Check();
        time ??= TimeProvider.System;
        random ??= Random.Shared;
        ILogger log = logger ?? NullLogger<EventStreamClient>.Instance;
        var session = new SessionHolder();
        var requests = new StreamRequests(http, options, session);
        _parts = new ClientParts(
            options, requests, session, new SessionRenewal(requests, time, log), new EventDecryption(requests, options, time, log), time, random, log);
        _publisher = new Publisher(requests, options, session, time, random, log);
    }

    /// <summary>
    /// A handler for streams: connections are not kept for ever, so a server's new address is found; ids may be other than ASCII; and it follows no
    /// redirects, which the client does itself, within the server's origin.
    /// </summary>
    public static SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(15),
        // WHATWG HTML, section 9.2.3: the last event id travels as UTF-8.
        RequestHeaderEncodingSelector = static (name, _) =>
            name.Equals(StreamRequests.LastEventId, StringComparison.OrdinalIgnoreCase) ? Encoding.UTF8 : null,
    };

    /// <summary>Subscribes to a topic.</summary>
    /// <inheritdoc cref="SubscribeAsync(IReadOnlyList{string}, SubscriptionOptions?, CancellationToken)"/>
    /// <param name="topic">The topic or filter.</param>
    /// <param name="options">Where to begin, and what to be told.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    public IAsyncEnumerable<StreamEvent> SubscribeAsync(string topic, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        return SubscribeAsync([topic], options, cancellationToken);
    }

    /// <summary>Subscribes to topics.</summary>
    /// <remarks>
    /// <para>Each enumeration is a subscription of its own. It ends when it is cancelled or left, when the server says so with <c>204</c>, or with
    /// an exception where the server refuses it; everything else it outlives.</para>
    /// <para>The stream is read as the consumer goes on: while it is busy with an event nothing is read ahead but a buffer's worth, and the server
    /// keeps what waits.</para>
    /// </remarks>
    /// <param name="topics">Topics and filters, such as <c>orders/**</c>; none for a <see cref="EventStreamClientOptions.PlainServer"/> that knows no topics.</param>
    /// <param name="options">Where to begin, and what to be told.</param>
    /// <param name="cancellationToken">Ends the subscription.</param>
    /// <returns>The events, in the order of the log, each once.</returns>
    /// <exception cref="EventStreamException">The server refuses the subscription, or an event is larger than is allowed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<StreamEvent> SubscribeAsync(
        IReadOnlyList<string> topics, SubscriptionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topics);
        options ??= new SubscriptionOptions();
        options.Check();
        if (topics.Count == 0 && !_parts.Options.PlainServer)
            throw new ArgumentException("Name at least one topic, such as orders/** .", nameof(topics));
        return new Events(_parts, topics, options, cancellationToken);
    }

    /// <summary>Publishes one event, with JSON as its payload.</summary>
    /// <param name="topic">Where: segments with <c>/</c> between them.</param>
    /// <param name="type">What happened.</param>
    /// <param name="data">The payload.</param>
    /// <param name="typeInfo">How it is written, from a <c>JsonSerializerContext</c>.</param>
    /// <param name="key">What it is about within its topic.</param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the event all the same.</param>
    /// <returns>The id that the log gave it.</returns>
    /// <exception cref="EventStreamException">The server refuses it, or could not be reached for <see cref="EventStreamClientOptions.PublishTimeout"/>.</exception>
    public Task<string> PublishAsync<T>(string topic, string type, T data, JsonTypeInfo<T> typeInfo, string? key = null, CancellationToken cancellationToken = default) =>
        PublishAsync(EventToPublish.Json(topic, type, data, typeInfo, key), cancellationToken: cancellationToken);

    /// <summary>Publishes one event.</summary>
    /// <param name="e">The event.</param>
    /// <param name="idempotencyKey">
    /// Names this publish, 1 to 200 visible ASCII characters, so that the same event published again after a crash is the same one; a new key where there is none.
    /// With a key of the caller's the event carries no <c>traceparent</c>, since it would be another one the second time. The
    /// <see cref="EventStreamException.IdempotencyKey"/> of a publish that failed goes on with that one.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the event all the same.</param>
    /// <returns>The id that the log gave it.</returns>
    /// <exception cref="EventStreamException">The server refuses it, or could not be reached for <see cref="EventStreamClientOptions.PublishTimeout"/>.</exception>
    public async Task<string> PublishAsync(EventToPublish e, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(e);
        return (await _publisher.PublishAsync([e], isBatch: false, idempotencyKey, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Publishes several events, all or none.</summary>
    /// <param name="events">The events; at least one.</param>
    /// <param name="idempotencyKey">Names this publish.</param>
    /// <param name="cancellationToken">Ends the wait; the log may hold the events all the same.</param>
    /// <returns>Their ids.</returns>
    /// <exception cref="EventStreamException">The server refuses them, or could not be reached for <see cref="EventStreamClientOptions.PublishTimeout"/>.</exception>
    public Task<IReadOnlyList<string>> PublishAsync(IReadOnlyList<EventToPublish> events, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentOutOfRangeException.ThrowIfZero(events.Count, nameof(events));
        return _publisher.PublishAsync(events, isBatch: true, idempotencyKey, cancellationToken);
    }

    /// <summary>Ends what the client itself holds; subscriptions end by their own tokens.</summary>
    public void Dispose() => _parts.Renewal.Dispose();

    private sealed class Events(ClientParts parts, IReadOnlyList<string> topics, SubscriptionOptions options, CancellationToken cancellationToken) : IAsyncEnumerable<StreamEvent>
    {
        public IAsyncEnumerator<StreamEvent> GetAsyncEnumerator(CancellationToken own = default) =>
            new Subscription(parts, topics, options).RunAsync(cancellationToken).GetAsyncEnumerator(own);
    }
}
