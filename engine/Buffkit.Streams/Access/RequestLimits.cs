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
/// Rates of one server: of a session, or of the callers of a subject that show their credentials each time; of a subject, whose
/// sessions have more together; and of an address, one for all strangers and another for all who are known, so that neither uses up
/// what is the other's.
/// </summary>
internal sealed partial class RequestLimits : IDisposable
{
    private readonly Rates _connects;
    private readonly Rates _publishes;
    private readonly Rates _events;
    private readonly Rates _bytes;
    private readonly SecurityMetrics _metrics;
    private readonly ILogger<RequestLimits> _logger;
    private readonly bool _hasProxies;
    private int _warned;

    public RequestLimits(
        IOptions<StreamsOptions> options, SecurityMetrics metrics, IConfiguration configuration, ILogger<RequestLimits> logger)
    {
        _logger = logger;
        _hasProxies = !options.Value.Proxies.IsEmpty || TrustedProxies.TrustsEverybody(configuration);
        _metrics = metrics;
        var limits = options.Value.Limits;
        _connects = new Rates(
            limits, TimeSpan.FromMinutes(1), "connects a minute", 1,
            nameof(limits.ConnectsPerMinute), limits.ConnectsPerMinute, limits.ConnectsPerMinutePerAddress);
        _publishes = new Rates(
            limits, TimeSpan.FromSeconds(1), "publish calls a second", 1,
            nameof(limits.PublishesPerSecond), limits.PublishesPerSecond, limits.PublishesPerSecondPerAddress);
        _events = new Rates(
            limits, TimeSpan.FromSeconds(1), "events a second", limits.EventsPerPublish,
            nameof(limits.EventsPerSecond),
            limits.EventsPerSecond ?? PerCall(limits.PublishesPerSecond, LimitsOptions.DefaultEventsPerCall),
            limits.EventsPerSecondPerAddress ?? PerCall(limits.PublishesPerSecondPerAddress, LimitsOptions.DefaultEventsPerCall));
        _bytes = new Rates(
            limits, TimeSpan.FromSeconds(1), "bytes a second", limits.BodyBytes,
            nameof(limits.BytesPerSecond),
            limits.BytesPerSecond ?? PerCall(limits.PublishesPerSecond, LimitsOptions.DefaultBytesPerCall),
            limits.BytesPerSecondPerAddress ?? PerCall(limits.PublishesPerSecondPerAddress, LimitsOptions.DefaultBytesPerCall));

        static int PerCall(int calls, int each) => (int)Math.Min((long)calls * each, int.MaxValue);
    }

    internal IEnumerable<Rate> All
    {
        get
        {
            foreach (var rates in (Rates[])[_connects, _publishes, _events, _bytes])
            {
                yield return rates.OfSession;
                yield return rates.OfSubject;
                yield return rates.OfAddress;
            }
        }
    }

    /// <summary>
    /// Counts a request by what it shows of its caller; to be asked before anything costly is done for it. A stranger is counted by its
    /// address, and by its session only if it came with one: a new one would not be met again.
    /// </summary>
    public Refusal? Admit(HttpContext http, ShownCaller shown, RateKind kind)
    {
        if (!_hasProxies && IsForwarded(http.Request) && Interlocked.Exchange(ref _warned, 1) == 0)
            Log.UnknownProxy(_logger, http.Connection.RemoteIpAddress);
        var rates = RatesOf(kind);
        var refusal = shown.Subject is null ? rates.OfAddress.Take(AddressPool.Of(http, isKnown: false)) : null;
        return Counted(refusal ?? TakeOfSession(rates, shown.Token?.Session, shown.Subject, 1));
    }

    /// <summary>Counts a request of which <see cref="Admit"/> was asked, when it is known whose it is.</summary>
    public Refusal? AdmitKnown(ShownCaller shown, Session session, RateKind kind)
    {
        var rates = RatesOf(kind);
        if (session.Subject is not null)
            return Counted(TakeOfSubject(rates, session, 1));
        // The token that named somebody is good no more.
        return shown.Subject is null ? null : Counted(rates.OfAddress.Take(session.AddressPool));
    }

    /// <summary>Counts what a publish call holds.</summary>
    public Refusal? AdmitEvents(Session session, int events, int bytes) =>
        Counted(Take(_events, session, events) ?? Take(_bytes, session, bytes));

    public void Dispose()
    {
        foreach (var rates in (ReadOnlySpan<Rates>)[_connects, _publishes, _events, _bytes])
            rates.Dispose();
    }

    private static Refusal? Take(Rates rates, Session session, int count) =>
        TakeOfSession(rates, session.IsReturning ? session.Id : null, session.Subject, count)
        ?? (session.Subject is null ? rates.OfAddress.Take(session.AddressPool, count) : TakeOfSubject(rates, session, count));

    // First, so that one device that asks without end uses up nothing of the others'.
    private static Refusal? TakeOfSession(Rates rates, SessionId? session, string? subject, int count) =>
        session is { } id ? rates.OfSession.Take($"session {id}", count)
        : subject is not null ? rates.OfSession.Take($"credentials {subject}", count)
        : null;

    private static Refusal? TakeOfSubject(Rates rates, Session session, int count) =>
        rates.OfSubject.Take(session.Subject!, count) ?? rates.OfAddress.Take(session.AddressPool, count);

    private static bool IsForwarded(HttpRequest request) =>
        request.Headers.ContainsKey("X-Forwarded-For") || request.Headers.ContainsKey("X-Forwarded-Proto");

    private Rates RatesOf(RateKind kind) => kind is RateKind.Connect ? _connects : _publishes;

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

    /// <summary>The rates of one thing that is counted.</summary>
    private sealed class Rates(LimitsOptions limits, TimeSpan per, string unit, int atOnce, string setting, int ofSession, int ofAddress) : IDisposable
    {
        public Rate OfSession { get; } = new(ofSession, per, setting, unit, atOnce);

        public Rate OfSubject { get; } = new(
            (int)Math.Min((long)ofSession * limits.SubjectMultiple, int.MaxValue),
            per, setting, $"{unit} in all of a subject's sessions", atOnce);

        public Rate OfAddress { get; } = new(ofAddress, per, $"{setting}PerAddress", $"{unit} from one address", atOnce);

        public void Dispose()
        {
            OfSession.Dispose();
            OfSubject.Dispose();
            OfAddress.Dispose();
        }
    }
}
