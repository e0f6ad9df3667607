using System.Collections.Concurrent;

namespace Buffkit.Streams;

/// <summary>The sessions of a server that runs alone.</summary>
internal sealed class MemorySessionStore(SessionsOptions options, TimeProvider time) : ISessionStore
{
    /// <summary>
    /// Sessions, and revocations: about 40 MiB at the worst. Beyond it the session that was quiet for longest is forgotten, as after
    /// a restart: its token is still signed and in time. Revocations are crowded out by revocations alone.
    /// </summary>
    public const int Capacity = 131_072;

    private readonly Lock _gate = new();
    private readonly ExpiringMap<SessionId, Session> _sessions = new(options.Lifetime, Capacity);

    // Apart, so that no crowd of sessions, which anybody can begin, pushes a revocation out.
    private readonly ExpiringMap<SessionId, bool> _revoked = new(options.Lifetime, Capacity);
    private readonly ConcurrentDictionary<Action<SessionId>, bool> _watchers = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count + _revoked.Count;
        }
    }

    public ValueTask<SessionUse> UseAsync(SessionId session, long generation, DateTimeOffset issued, bool isAnonymous, CancellationToken cancellationToken)
    {
        SessionUse use;
        lock (_gate)
            use = Use(session, generation, issued, time.GetUtcNow());
        if (use.Status is SessionUseStatus.Reused)
            Tell(session);
        return ValueTask.FromResult(use);
    }

    public ValueTask RenewAsync(SessionId session, DateTimeOffset until, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var known = _sessions.TryGet(session, now, out var found) ? found : new Session();
            if (!(known.Until >= until))
                _sessions.Set(session, known with { Until = until }, now);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RevokeAsync(SessionId session, CancellationToken cancellationToken)
    {
        lock (_gate)
            Revoke(session, time.GetUtcNow());
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
            {
                var isRevoked = _revoked.TryGet(sessions[i], now, out _);
                if (_sessions.TryGet(sessions[i], now, out var known) || isRevoked)
                    states[i] = new SessionState(isRevoked, known?.Until);
            }
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

    private SessionUse Use(SessionId session, long generation, DateTimeOffset issued, DateTimeOffset now)
    {
        if (_revoked.TryGet(session, now, out _))
            return new SessionUse(SessionUseStatus.Revoked);
        var known = _sessions.TryGet(session, now, out var found) ? found : new Session();
        if (known.Uses.Add(generation, issued, now, options.RotationGrace) is > 0 and var next)
        {
            _sessions.Set(session, known, now);
            return new SessionUse(SessionUseStatus.Accepted, next, known.Until);
        }

        Revoke(session, now);
        return new SessionUse(SessionUseStatus.Reused);
    }

    private void Revoke(SessionId session, DateTimeOffset now)
    {
        _sessions.Remove(session);
        _revoked.Set(session, true, now);
    }

    private void Tell(SessionId session)
    {
        foreach (var (watcher, _) in _watchers)
            watcher(session);
    }

    private sealed record Session
    {
        /// <summary>Changed under the lock.</summary>
        public TokenUses Uses { get; } = new();

        public DateTimeOffset? Until { get; init; }
    }
}
