using System.Collections.Concurrent;

namespace Buffkit.Streams;

/// <summary>The sessions of a server that runs alone.</summary>
internal sealed class MemorySessionStore(SessionsOptions options, TimeProvider time) : ISessionStore
{
    /// <summary>
    /// About 30 MiB at the worst. Beyond it the session that was quiet for longest is forgotten, as after a restart: its token
    /// is still signed and in time.
    /// </summary>
    public const int Capacity = 131_072;

    /// <summary>Former generations whose end is remembered: more than a person's tabs can use up while a request is on its way.</summary>
    public const int KeptGenerations = 64;

    private readonly Lock _gate = new();
    private readonly ExpiringMap<SessionId, Session> _sessions = new(options.Lifetime, Capacity);
    private readonly ConcurrentDictionary<Action<SessionId>, bool> _watchers = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    public ValueTask<SessionUse> UseAsync(SessionId session, long generation, bool rotate, CancellationToken cancellationToken)
    {
        SessionUse use;
        lock (_gate)
            use = Use(session, generation, rotate, time.GetUtcNow());
        if (use.Status is SessionUseStatus.Reused)
            Tell(session);
        return ValueTask.FromResult(use);
    }

    public ValueTask RenewAsync(SessionId session, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Change(session, known => known with { Until = until });
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RevokeAsync(SessionId session, CancellationToken cancellationToken)
    {
        Change(session, known => known with { IsRevoked = true });
        Tell(session);
        return ValueTask.FromResult(true);
    }

    public ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var states = new SessionState?[sessions.Count];
        lock (_gate)
        {
            for (var i = 0; i < states.Length; i++)
                states[i] = _sessions.TryGet(sessions[i], now, out var known) ? new SessionState(known.IsRevoked, known.Until) : null;
        }

        return ValueTask.FromResult<IReadOnlyList<SessionState?>>(states);
    }

    public async Task WatchAsync(Action<SessionId> revoked, CancellationToken cancellationToken)
    {
        _watchers.TryAdd(revoked, true);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _watchers.TryRemove(revoked, out _);
        }
    }

    private SessionUse Use(SessionId session, long generation, bool rotate, DateTimeOffset now)
    {
        var known = _sessions.TryGet(session, now, out var found) ? found : new Session();
        if (known.IsRevoked)
            return new SessionUse(SessionUseStatus.Revoked);
        if (generation >= known.Current)
        {
            if (!rotate)
                return new SessionUse(SessionUseStatus.Accepted, generation);
            var replaced = known.Replaced.Add(generation, now);
            _sessions.Set(session, known with { Current = generation + 1, Replaced = replaced }, now);
            return new SessionUse(SessionUseStatus.Accepted, generation + 1);
        }

        if (known.Replaced.At(generation) is { } at && now - at <= options.RotationGrace)
            return new SessionUse(SessionUseStatus.Accepted, known.Current);
        _sessions.Set(session, known with { IsRevoked = true }, now);
        return new SessionUse(SessionUseStatus.Reused);
    }

    private void Change(SessionId session, Func<Session, Session> change)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _sessions.Set(session, change(_sessions.TryGet(session, now, out var known) ? known : new Session()), now);
        }
    }

    private void Tell(SessionId session)
    {
        foreach (var (watcher, _) in _watchers)
            watcher(session);
    }

    private sealed record Session
    {
        public long Current { get; init; }

        public Replacements Replaced { get; init; } = new([]);

        public bool IsRevoked { get; init; }

        public DateTimeOffset? Until { get; init; }
    }

    /// <summary>When the last few generations were replaced, the oldest first.</summary>
    private readonly record struct Replacements((long Generation, DateTimeOffset At)[] All)
    {
        public Replacements Add(long generation, DateTimeOffset at) =>
            new([.. All.TakeLast(KeptGenerations - 1), (generation, at)]);

        public DateTimeOffset? At(long generation)
        {
            foreach (var (replaced, at) in All)
            {
                if (replaced == generation)
                    return at;
            }

            return null;
        }
    }
}
