namespace Buffkit.Client;

/// <summary>What a client is told once, for all its subscriptions.</summary>
public sealed class EventStreamClientOptions
{
    /// <summary>60 seconds: four of the server's heartbeats, so that one that is late cuts nothing.</summary>
    public static readonly TimeSpan DefaultReadTimeout = TimeSpan.FromSeconds(60);

    /// <summary>10 seconds: a server says something at once, so a network that has brought nothing by then holds it back.</summary>
    public static readonly TimeSpan DefaultFirstByteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>5 minutes: a train leaves its tunnel, a laptop the hotel's network.</summary>
    public static readonly TimeSpan DefaultBetterTransportAfter = TimeSpan.FromMinutes(5);

    /// <summary>One second.</summary>
    public static readonly TimeSpan DefaultBackoffStart = TimeSpan.FromSeconds(1);

    /// <summary>30 seconds: nobody waits longer for a server that is back.</summary>
    public static readonly TimeSpan DefaultBackoffMax = TimeSpan.FromSeconds(30);

    /// <summary>16 MiB: many times the largest event that the server takes by default.</summary>
    public const int DefaultMaxEventBytes = 16 * 1024 * 1024;

    /// <summary>4,096 ids: more than what a server sends again after a cut.</summary>
    public const int DefaultRememberedIds = 4_096;

    /// <summary>One minute: far below the hour for which the server knows an idempotency key.</summary>
    public static readonly TimeSpan DefaultPublishTimeout = TimeSpan.FromMinutes(1);

    /// <summary>10 seconds.</summary>
    public static readonly TimeSpan DefaultPublishAttemptTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Where the stream is: absolute, or relative to the <see cref="HttpClient.BaseAddress"/>. It may have a query of its own.</summary>
    /// <value>Default <c>events</c>.</value>
    public Uri Endpoint { get; set; } = new("events", UriKind.Relative);

    /// <summary>
    /// The server is another one that speaks Server-Sent Events and nothing else of this protocol: no members are added to the query,
    /// no type of event means anything, ids need not be unique, and there is no other transport.
    /// </summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool PlainServer { get; set; }

    /// <summary>The transports that may be used, the best first. With one alone there is nothing to fall back to.</summary>
    /// <value>Default all: <see cref="EventStreamTransport.ServerSentEvents"/>, <see cref="EventStreamTransport.WebSocket"/>, <see cref="EventStreamTransport.LongPoll"/>.</value>
    public IReadOnlyList<EventStreamTransport> Transports { get; set; } =
        [EventStreamTransport.ServerSentEvents, EventStreamTransport.WebSocket, EventStreamTransport.LongPoll];

    /// <summary>Gives the access token for the header <c>Authorization: Bearer</c>. Called at every connect and publish, so a token that was renewed is used.</summary>
    /// <value>Default none.</value>
    public Func<CancellationToken, ValueTask<string?>>? AccessToken { get; set; }

    /// <summary>Renews the session before it ends, where there is an <see cref="AccessToken"/>, so that open streams go on.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool RenewSession { get; set; } = true;

    /// <summary>
    /// How long a connection may be silent before it is given up, at least 1 second; comments are signs of life too. Several of the
    /// server's heartbeats. <see cref="Timeout.InfiniteTimeSpan"/> for a server that sends none.
    /// </summary>
    /// <value>Default 60 seconds.</value>
    public TimeSpan ReadTimeout { get; set; } = DefaultReadTimeout;

    /// <summary>How long the first byte may take, at least 1 second, before another of the <see cref="Transports"/> is tried.</summary>
    /// <value>Default 10 seconds.</value>
    public TimeSpan FirstByteTimeout { get; set; } = DefaultFirstByteTimeout;

    /// <summary>How long after a fall-back a better transport is tried again, at the next connect.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan BetterTransportAfter { get; set; } = DefaultBetterTransportAfter;

    /// <summary>
    /// The first reconnect waits a random time up to this, and each that fails doubles it. What the server asks for
    /// (<c>retry:</c>, <c>Retry-After</c>, <c>stream.close</c>) is waited in any case, up to an hour.
    /// </summary>
    /// <value>Default 1 second.</value>
    public TimeSpan BackoffStart { get; set; } = DefaultBackoffStart;

    /// <summary>The longest random wait.</summary>
    /// <value>Default 30 seconds.</value>
    public TimeSpan BackoffMax { get; set; } = DefaultBackoffMax;

    /// <summary>The largest event that is taken, in bytes as it travels, 1 KiB to 63 MiB. A larger one ends the subscription with an exception.</summary>
    /// <value>Default 16 MiB.</value>
    public int MaxEventBytes { get; set; } = DefaultMaxEventBytes;

    /// <summary>Of how many events the ids are remembered, so that those that come again are dropped; 0 drops none.</summary>
    /// <value>Default 4,096.</value>
    public int RememberedIds { get; set; } = DefaultRememberedIds;

    /// <summary>How long publishing is tried before it fails, up to half an hour: within the time for which the server knows an idempotency key.</summary>
    /// <value>Default 1 minute.</value>
    public TimeSpan PublishTimeout { get; set; } = DefaultPublishTimeout;

    /// <summary>How long one of these tries may take.</summary>
    /// <value>Default 10 seconds.</value>
    public TimeSpan PublishAttemptTimeout { get; set; } = DefaultPublishAttemptTimeout;

    /// <summary>The CloudEvents <c>source</c> of events that are published: a URI reference that names the application.</summary>
    /// <value>Default <c>/client</c>.</value>
    public string Source { get; set; } = "/client";

    internal IReadOnlyList<EventStreamTransport> UsableTransports => PlainServer ? [EventStreamTransport.ServerSentEvents] : Transports;

    // Service discovery takes several: https+http.
    private static bool IsHttp(string scheme) => scheme.Split('+').All(part => part is "http" or "https");

    /// <exception cref="ArgumentException">A value is out of its bounds.</exception>
    internal void Check()
    {
        var second = TimeSpan.FromSeconds(1);
        Check(Endpoint is not null, nameof(Endpoint), "Say where the stream is.");
        Check(!Endpoint!.IsAbsoluteUri || IsHttp(Endpoint.Scheme), nameof(Endpoint), "A relative address, or one of http or https.");
        Check(Transports is { Count: > 0 } && Transports.Distinct().Count() == Transports.Count, nameof(Transports), "Name at least one transport, and each once.");
        Check(ReadTimeout == Timeout.InfiniteTimeSpan || ReadTimeout >= second, nameof(ReadTimeout), "At least one second.");
        Check(FirstByteTimeout >= second, nameof(FirstByteTimeout), "At least one second.");
        Check(BetterTransportAfter >= TimeSpan.Zero, nameof(BetterTransportAfter), "Not negative.");
        Check(BackoffStart >= TimeSpan.Zero, nameof(BackoffStart), "Not negative.");
        Check(BackoffMax >= BackoffStart && BackoffMax <= TimeSpan.FromHours(1), nameof(BackoffMax), "At least BackoffStart, at most an hour.");
        Check(MaxEventBytes is >= 1024 and <= 63 * 1024 * 1024, nameof(MaxEventBytes), "1 KiB to 63 MiB.");
        Check(RememberedIds is >= 0 and <= 1_000_000, nameof(RememberedIds), "0 to 1,000,000.");
        Check(PublishTimeout > TimeSpan.Zero && PublishTimeout <= TimeSpan.FromMinutes(30), nameof(PublishTimeout), "Up to half an hour.");
        Check(PublishAttemptTimeout > TimeSpan.Zero, nameof(PublishAttemptTimeout), "Longer than nothing.");
        Check(!string.IsNullOrEmpty(Source), nameof(Source), "A URI reference that names the application.");
    }

    private static void Check(bool good, string name, string rule)
    {
        if (!good)
            throw new ArgumentException($"{nameof(EventStreamClientOptions)}.{name}: {rule}", name);
    }
}
