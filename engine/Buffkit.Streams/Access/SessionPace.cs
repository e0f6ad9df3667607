using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// How often a session's streams failed lately: the more, the later its client is asked to come back (exponential, with
/// jitter), and beyond a number of them a circuit breaker keeps it out for a while. Of one server, in bounded memory.
/// </summary>
internal sealed class SessionPace(IOptions<StreamsOptions> options, TimeProvider time) : IConnectionObserver
{
    /// <summary>Sessions that are remembered; beyond it the one that failed longest ago is forgiven.</summary>
    public const int Capacity = 65_536;

    /// <summary>A stream that came back and did not last longer is a failure.</summary>
    public static readonly TimeSpan ShortestVisit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestOpen = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(2);

    // Failures "in a row" are those of a bad moment: one that comes so long after its client was asked to come back is the first.
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    // For a trial to begin and to last. One that was refused for another reason, or lasts, lets the next one in after that.
    private static readonly TimeSpan TrialTime = ShortestVisit * 2;

    // Doubling more often than this leads beyond every bound.
    private const int MaxDoublings = 12;

    private readonly StreamsOptions _options = options.Value;
    private readonly Lock _gate = new();
    private readonly ExpiringMap<SessionId, State> _sessions = new(LongestOpen * 2, Capacity);

    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    /// <summary>How many sessions the breaker keeps out.</summary>
    public int CountKeptOut()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            return _sessions.Entries.Count(entry => entry.Value.OpenUntil > now && !entry.Value.IsForgiven(now));
        }
    }

    /// <summary>Asks whether a session may come in now. After the breaker's time one may, on trial.</summary>
    public Refusal? Admit(SessionId session)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (Find(session, now) is not { OpenUntil: { } until } state || state.IsForgiven(now))
                return null;
            if (until > now)
                return new Refusal(Refusal.Breaker, until - now, "The session's streams failed again and again (Streams:Limits:Breaker).");
            // Half open: until it is known how the trial goes, the next one waits.
            _sessions.Set(session, state with { OpenUntil = now + TrialTime }, now);
            return null;
        }
    }

    /// <summary>When a session's client may come back after a cut.</summary>
    public TimeSpan DrawRetry(SessionId session)
    {
        int failures;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            failures = Find(session, now) is { } state && !state.IsForgiven(now) ? state.Failures : 0;
        }

        var drawn = _options.Retry.Draw();
        // What is configured holds, however long it is.
        return failures == 0 || drawn > LongestRetry ? drawn : Shorter(Doubled(drawn, failures), Jittered(LongestRetry));
    }

    /// <summary>Notes that a stream began: if it lasts, its session is as any other from then on, not only when it ends.</summary>
    public void Opened(Connection connection)
    {
        if (!connection.IsPoll)
            Began(connection.Session);
    }

    internal void Began(SessionId session)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (Find(session, now) is { Lasting: null } state)
                _sessions.Set(session, state with { Lasting = now }, now);
        }
    }

    /// <summary>Notes how a stream went; what the server itself ended is nobody's failure.</summary>
    public void Closed(Connection connection)
    {
        if (connection.IsPoll)
            return;
        var isShort = time.GetElapsedTime(connection.Began) < ShortestVisit;
        // A person who goes from page to page begins a stream on each, without a cursor. The same client that comes back by itself
        // says where it was.
        if (isShort && !connection.IsSlow && !connection.Caller.Resumes)
            return;
        // A session that is new is not met again unless its client comes back with its token; only one that cost is remembered.
        if (connection.IsSlow || (connection.Caller.IsReturning && !connection.IsClosed))
            Ended(connection.Session, failed: connection.IsSlow || isShort, connection.IsSlow);
    }

    internal void Ended(SessionId session, bool failed, bool isSlow = false)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!failed)
            {
                _sessions.Remove(session);
                return;
            }

            // One that was slow lasted too, but did no better for that.
            var failures = Find(session, now) is { } state && (isSlow || !state.IsForgiven(now)) ? state.Failures + 1 : 1;
            var opens = _options.Limits.Breaker.Failures is > 0 and var limit && failures >= limit;
            _sessions.Set(session, new State(failures, now, opens ? now + OpenFor(failures) : null, null), now);
        }
    }

    // What lies too far back is forgotten when it is looked at: a timer for each would cost more.
    private State? Find(SessionId session, DateTimeOffset now)
    {
        if (!_sessions.TryGet(session, now, out var state))
            return null;
        var until = state.OpenUntil ?? state.FailedAt + Shorter(Doubled(_options.Retry.Max, state.Failures), LongestRetry);
        if (now - until < Memory)
            return state;
        _sessions.Remove(session);
        return null;
    }

    private TimeSpan OpenFor(int failures) => Shorter(
        Doubled(_options.Limits.Breaker.OpenFor, Math.Max(failures - _options.Limits.Breaker.Failures, 0)), LongestOpen);

    private static TimeSpan Doubled(TimeSpan wait, int times) => wait * Math.Pow(2, Math.Min(times, MaxDoublings));

    private static TimeSpan Jittered(TimeSpan longest) => longest * (0.5 + (Random.Shared.NextDouble() / 2));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <param name="Failures">In a row.</param>
    /// <param name="FailedAt">The last time.</param>
    /// <param name="OpenUntil">The breaker keeps the session out until then.</param>
    /// <param name="Lasting">Since when a stream has been open, if none has failed since.</param>
    private sealed record State(int Failures, DateTimeOffset FailedAt, DateTimeOffset? OpenUntil, DateTimeOffset? Lasting)
    {
        public bool IsForgiven(DateTimeOffset now) => now - Lasting >= ShortestVisit;
    }
}
