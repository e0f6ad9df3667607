using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>What a rate counts.</summary>
internal enum RateKind
{
    /// <summary>Streams, polls and sessions that are begun.</summary>
    Connect,

    /// <summary>Calls that publish.</summary>
    Publish,
}

/// <summary>
/// Rates of one server, each a token bucket per address, per session and per subject. A bucket that is full again and was
/// left alone for ten seconds is dropped by the framework, so what is kept is bounded by the rates themselves.
/// </summary>
internal sealed partial class RequestLimits : IDisposable
{
    private readonly Rate _connectsPerAddress;
    private readonly Rate _connects;
    private readonly Rate _publishesPerAddress;
    private readonly Rate _publishes;
    private readonly Rate _eventsPerAddress;
    private readonly Rate _events;
    private readonly Rate _bytesPerAddress;
    private readonly Rate _bytes;
    private readonly SecurityMetrics _metrics;
    private readonly ILogger<RequestLimits> _logger;
    private readonly bool _hasProxies;
    private int _warned;

    public RequestLimits(
        IOptions<StreamsOptions> options, SecurityMetrics metrics, IConfiguration configuration, ILogger<RequestLimits> logger)
    {
        _logger = logger;
        _hasProxies = !options.Value.Proxies.IsEmpty || TrustedProxies.TrustsEverybody(configuration);
        var limits = options.Value.Limits;
        _metrics = metrics;
        var (minute, second) = (TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));
        _connects = new Rate(limits.ConnectsPerMinute, minute, nameof(limits.ConnectsPerMinute), "connects a minute");
        _connectsPerAddress = new Rate(
            limits.ConnectsPerMinutePerAddress, minute, nameof(limits.ConnectsPerMinutePerAddress), "connects a minute from one address");
        _publishes = new Rate(limits.PublishesPerSecond, second, nameof(limits.PublishesPerSecond), "publish calls a second");
        _publishesPerAddress = new Rate(
            limits.PublishesPerSecondPerAddress, second, nameof(limits.PublishesPerSecondPerAddress), "publish calls a second from one address");
        _events = Content(limits.EventsPerSecond, limits.PublishesPerSecond, LimitsOptions.DefaultEventsPerCall, nameof(limits.EventsPerSecond), "events a second", limits.EventsPerPublish);
        _eventsPerAddress = Content(
            limits.EventsPerSecondPerAddress, limits.PublishesPerSecondPerAddress, LimitsOptions.DefaultEventsPerCall,
            nameof(limits.EventsPerSecondPerAddress), "events a second from one address", limits.EventsPerPublish);
        _bytes = Content(limits.BytesPerSecond, limits.PublishesPerSecond, LimitsOptions.DefaultBytesPerCall, nameof(limits.BytesPerSecond), "bytes a second", limits.BodyBytes);
        _bytesPerAddress = Content(
            limits.BytesPerSecondPerAddress, limits.PublishesPerSecondPerAddress, LimitsOptions.DefaultBytesPerCall,
            nameof(limits.BytesPerSecondPerAddress), "bytes a second from one address", limits.BodyBytes);

        static Rate Content(int? configured, int calls, int perCall, string setting, string unit, int atOnce) =>
            new(configured ?? (int)Math.Min((long)calls * perCall, int.MaxValue), TimeSpan.FromSeconds(1), setting, unit, atOnce);
    }

    /// <summary>Counts a request by where it comes from; to be asked before anything costly is done for it.</summary>
    public Refusal? AdmitAddress(HttpContext http, RateKind kind)
    {
        if (!_hasProxies && IsForwarded(http.Request) && Interlocked.Exchange(ref _warned, 1) == 0)
            Log.UnknownProxy(_logger, http.Connection.RemoteIpAddress);
        return Counted((kind is RateKind.Connect ? _connectsPerAddress : _publishesPerAddress).Take(ClientNetwork.Of(http.Connection.RemoteIpAddress)));
    }

    /// <summary>Counts a request by whose it is. A new session is counted by its address alone: it would not be met again.</summary>
    public Refusal? AdmitSession(Session session, RateKind kind) =>
        Counted(Take(kind is RateKind.Connect ? _connects : _publishes, session, 1));

    /// <summary>Counts what a publish call holds, by where it comes from and by whose it is.</summary>
    public Refusal? AdmitEvents(HttpContext http, Session session, int events, int bytes)
    {
        var network = ClientNetwork.Of(http.Connection.RemoteIpAddress);
        return Counted(
            _eventsPerAddress.Take(network, events)
            ?? _bytesPerAddress.Take(network, bytes)
            ?? Take(_events, session, events)
            ?? Take(_bytes, session, bytes));
    }

    public void Dispose()
    {
        foreach (var rate in (ReadOnlySpan<Rate>)
            [_connects, _connectsPerAddress, _publishes, _publishesPerAddress, _events, _eventsPerAddress, _bytes, _bytesPerAddress])
            rate.Dispose();
    }

    private static Refusal? Take(Rate rate, Session session, int count) =>
        (session.IsReturning ? rate.Take($"session {session.Id}", count) : null)
        ?? (session.Subject is { } subject ? rate.Take($"subject {subject}", count) : null);

    private static bool IsForwarded(HttpRequest request) =>
        request.Headers.ContainsKey("X-Forwarded-For") || request.Headers.ContainsKey("X-Forwarded-Proto");

    private Refusal? Counted(Refusal? refusal)
    {
        if (refusal is not null)
            _metrics.Refused(refusal.Reason);
        return refusal;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "X-Forwarded-* came from {Address} and was not believed. If that is your reverse proxy, name it in Streams:Proxies: until then all of its clients count as one address, and HTTPS that it ends is not known of.")]
        public static partial void UnknownProxy(ILogger logger, System.Net.IPAddress? address);
    }

    private sealed class Rate : IDisposable
    {
        // A bucket fills up a little at a time: a client that waits gets its next turn soon.
        private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);

        private readonly PartitionedRateLimiter<string>? _limiter;
        private readonly int _limit;
        private readonly int _atMost;
        private readonly string _setting;
        private readonly string _unit;

        /// <param name="limit">What is allowed.</param>
        /// <param name="per">In which time.</param>
        /// <param name="setting">Says so to whoever is refused.</param>
        /// <param name="unit">What is counted.</param>
        /// <param name="atOnce">What one call may hold; it is let in however low the rate is, and those after it wait.</param>
        public Rate(int limit, TimeSpan per, string setting, string unit, int atOnce = 1)
        {
            (_limit, _atMost, _setting, _unit) = (limit, Math.Max(limit, atOnce), setting, unit);
            if (limit == 0)
                return;
            var period = per / limit > ShortestPeriod ? per / limit : ShortestPeriod;
            var bucket = new TokenBucketRateLimiterOptions
            {
                TokenLimit = _atMost,
                ReplenishmentPeriod = period,
                TokensPerPeriod = Math.Max(1, (int)Math.Round(limit * (period / per))),
            };
            _limiter = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => bucket));
        }

        public Refusal? Take(string key, int count = 1)
        {
            if (_limiter is null)
                return null;
            using var lease = _limiter.AttemptAcquire(key, Math.Min(count, _atMost));
            if (lease.IsAcquired)
                return null;
            return Refusal.OfRate(_setting, _limit, _unit, lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
        }

        public void Dispose() => _limiter?.Dispose();
    }
}
