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
    }

    /// <summary>Counts a request by where it comes from; to be asked before anything costly is done for it.</summary>
    public Refusal? AdmitAddress(HttpContext http, RateKind kind)
    {
        if (!_hasProxies && IsForwarded(http.Request) && Interlocked.Exchange(ref _warned, 1) == 0)
            Log.UnknownProxy(_logger, http.Connection.RemoteIpAddress);
        return Counted((kind is RateKind.Connect ? _connectsPerAddress : _publishesPerAddress).Take(AddressBindings.ClientNetwork(http.Connection.RemoteIpAddress)));
    }

    /// <summary>Counts a request by whose it is. A new session is counted by its address alone: it would not be met again.</summary>
    public Refusal? AdmitSession(Session session, RateKind kind)
    {
        var rate = kind is RateKind.Connect ? _connects : _publishes;
        var refusal = session.IsReturning ? rate.Take($"session {session.Id}") : null;
        return Counted(refusal ?? (session.Subject is { } subject ? rate.Take($"subject {subject}") : null));
    }

    public void Dispose()
    {
        foreach (var rate in (ReadOnlySpan<Rate>)[_connects, _connectsPerAddress, _publishes, _publishesPerAddress])
            rate.Dispose();
    }

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
        private readonly string _setting;
        private readonly string _unit;

        public Rate(int limit, TimeSpan per, string setting, string unit)
        {
            (_limit, _setting, _unit) = (limit, setting, unit);
            if (limit == 0)
                return;
            var period = per / limit > ShortestPeriod ? per / limit : ShortestPeriod;
            var bucket = new TokenBucketRateLimiterOptions
            {
                TokenLimit = limit,
                ReplenishmentPeriod = period,
                TokensPerPeriod = Math.Max(1, (int)Math.Round(limit * (period / per))),
            };
            _limiter = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => bucket));
        }

        public Refusal? Take(string key)
        {
            if (_limiter is null)
                return null;
            using var lease = _limiter.AttemptAcquire(key);
            if (lease.IsAcquired)
                return null;
            return Refusal.OfRate(_setting, _limit, _unit, lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
        }

        public void Dispose() => _limiter?.Dispose();
    }
}
