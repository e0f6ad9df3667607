using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// How often a session's streams failed lately: the more, the later its client is asked to come back (exponential, with
/// jitter), and beyond a number of them a circuit breaker keeps it out for a while. Of one server, in bounded memory.
/// </summary>
internal sealed class SessionPace(IOptions<StreamsOptions> options, TimeProvider time)
{
    /// <summary>Sessions that are remembered; beyond it the one that failed longest ago is forgiven.</summary>
    public const int Capacity = 65_536;

    /// <summary>A stream that did not last longer is a failure, whoever ended it.</summary>
    public static readonly TimeSpan ShortestVisit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestOpen = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(2);

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

    /// <summary>Asks whether a session may come in now. After the breaker's time one may, on trial.</summary>
    public Refusal? Admit(SessionId session)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!_sessions.TryGet(session, now, out var state) || state.OpenUntil is not { } until)
                return null;
            if (until > now)
                return new Refusal(Refusal.Breaker, until - now, "The session's streams failed again and again (Streams:Limits:Breaker).");
            // Half open: until the trial is over, the next one waits.
            _sessions.Set(session, state with { OpenUntil = now + OpenFor(state.Failures) }, now);
            return null;
        }
    }

    /// <summary>When a session's client may come back after a cut.</summary>
    public TimeSpan DrawRetry(SessionId session)
    {
        int failures;
        lock (_gate)
            failures = _sessions.TryGet(session, time.GetUtcNow(), out var state) ? state.Failures : 0;
        var drawn = _options.Retry.Draw();
        // What is configured holds, however long it is.
        return failures == 0 || drawn > LongestRetry ? drawn : Shorter(drawn * Math.Pow(2, Math.Min(failures, MaxDoublings)), Jittered(LongestRetry));
    }

    /// <summary>Notes how a stream went; what the server itself ended is nobody's failure.</summary>
    public void Ended(Session session, Connection connection, TimeSpan lasted)
    {
        // A session that is new is not met again unless its client comes back with its token; only one that cost is remembered.
        if (connection.IsSlow || (session.IsReturning && !connection.IsClosed))
            Ended(session.Id, failed: connection.IsSlow || lasted < ShortestVisit);
    }

    internal void Ended(SessionId session, bool failed)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (!failed)
            {
                _sessions.Remove(session);
                return;
            }

            var failures = (_sessions.TryGet(session, now, out var state) ? state.Failures : 0) + 1;
            var opens = _options.Limits.Breaker.Failures is > 0 and var limit && failures >= limit;
            _sessions.Set(session, new State(failures, opens ? now + OpenFor(failures) : null), now);
        }
    }

    private TimeSpan OpenFor(int failures) => Shorter(
        _options.Limits.Breaker.OpenFor * Math.Pow(2, Math.Clamp(failures - _options.Limits.Breaker.Failures, 0, MaxDoublings)), LongestOpen);

    private static TimeSpan Jittered(TimeSpan longest) => longest * (0.5 + (Random.Shared.NextDouble() / 2));

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private readonly record struct State(int Failures, DateTimeOffset? OpenUntil);
}
