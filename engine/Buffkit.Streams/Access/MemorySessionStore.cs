using System.Collections.Concurrent;

namespace Buffkit.Streams;

/// <summary>The sessions of a server that runs alone.</summary>
/// <remarks>
/// Sessions of nobody, of which anybody can have any number, are kept apart, so that they push nothing else out. Where there is no
/// room for another revocation, the oldest becomes a moment in time: no token that was made before is good any more, whosever it is.
/// That ends sessions that were quiet since then, and never makes a revoked token good again.
/// </remarks>
internal sealed class MemorySessionStore : ISessionStore
{
    /// <summary>
    /// Sessions of each kind, and subjects. Beyond it the one that was quiet for longest is forgotten, as after a restart: its token is
    /// still signed and in time. Sessions of nobody take about 100 MiB at the most; one of a subject takes up to 9 KiB, where it
    /// connects all the time.
    /// </summary>
    public const int Capacity = 131_072;

    private readonly Lock _gate = new();
    private readonly Pool _subjects;
    private readonly Pool _strangers;
    private readonly ExpiringMap<string, SubjectSessions> _bySubject;
    private readonly ConcurrentDictionary<Action<SessionChange>, bool> _watchers = new();
    private readonly SessionsOptions _options;
    private readonly TimeProvider _time;

    public MemorySessionStore(SessionsOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _subjects = new(options.Lifetime, TokenUses.Kept);
        _strangers = new(options.LifetimeOf(isAnonymous: true), TokenUses.KeptOfNobody);
        _bySubject = new(options.Lifetime, Capacity, subject => _subjects.Refuse(subject.NotBefore));
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _subjects.Count + _strangers.Count;
        }
    }

    public ValueTask<SessionUse> UseAsync(TokenUse use, CancellationToken cancellationToken)
    {
        SessionUse used;
        lock (_gate)
            used = Use(use, _time.GetUtcNow());
        if (used.Status is SessionUseStatus.Reused)
            Tell(new SessionChange(SessionChangeKind.Revoked, use.Session));
        return ValueTask.FromResult(used);
    }

    public ValueTask RenewAsync(SessionId session, SessionCredentials credentials, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            // A request that was let in before the session was revoked: what is revoked is kept as that alone.
            if (_subjects.Revoked.TryGet(session, now, out _))
                return ValueTask.CompletedTask;
            var known = _subjects.Find(session, now);
            known.Credentials = credentials.With(known.Credentials);
            _subjects.Sessions.Set(session, known, now);
        }

        Tell(new SessionChange(SessionChangeKind.Renewed, session));
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RevokeAsync(SessionId session, bool? isAnonymous, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (isAnonymous is not true)
                _subjects.Revoke(session, _time.GetUtcNow());
            if (isAnonymous is not false)
                _strangers.Revoke(session, _time.GetUtcNow());
        }

        Tell(new SessionChange(SessionChangeKind.Revoked, session));
        return ValueTask.FromResult(true);
    }

    public ValueTask<bool> RevokeAllAsync(string subject, SessionId? except, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var known = Find(subject, now);
            known.RevokeAll(except, now);
            foreach (var session in known.All.Select(session => session.Session).Where(session => session != except).ToArray())
            {
                _subjects.Revoke(session, now);
                known.Remove(session);
            }

            _bySubject.Set(subject, known, now);
        }

        Tell(new SessionChange(SessionChangeKind.SubjectRevoked, except, Subject.Hash(subject)));
        return ValueTask.FromResult(true);
    }

    public ValueTask<IReadOnlyList<SubjectSession>?> ListAsync(string subject, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            return ValueTask.FromResult<IReadOnlyList<SubjectSession>?>(
                [.. Find(subject, now).All.Where(session => !_subjects.Revoked.TryGet(session.Session, now, out _))]);
        }
    }

    public ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var states = new SessionState?[sessions.Count];
        lock (_gate)
        {
            for (var i = 0; i < states.Length; i++)
                states[i] = _subjects.StateOf(sessions[i], now) ?? _strangers.StateOf(sessions[i], now);
        }

        return ValueTask.FromResult<IReadOnlyList<SessionState?>>(states);
    }

    public async Task WatchAsync(Action<SessionChange> changed, CancellationToken cancellationToken)
    {
        _watchers.TryAdd(changed, true);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _watchers.TryRemove(changed, out _);
        }
    }

    private SessionUse Use(TokenUse use, DateTimeOffset now)
    {
        var pool = use.Subject is null ? _strangers : _subjects;
        if (use.Issued <= pool.NotBefore || pool.Revoked.TryGet(use.Session, now, out _))
            return new SessionUse(SessionUseStatus.Revoked);
        if (use.Subject is not null)
        {
            var subject = Find(use.Subject, now);
            if (subject.Refuses(use))
                return new SessionUse(SessionUseStatus.Revoked);
            subject.Add(use.Session, now);
            _bySubject.Set(use.Subject, subject, now);
        }

        var known = pool.Find(use.Session, now);
        if (known.Uses.Add(use.Generation, use.Issued, now, _options.RotationGrace) is > 0 and var next)
        {
            pool.Sessions.Set(use.Session, known, now);
            return new SessionUse(SessionUseStatus.Accepted, next, known.Credentials) { At = now };
        }

        pool.Revoke(use.Session, now);
        return new SessionUse(SessionUseStatus.Reused);
    }

    private SubjectSessions Find(string subject, DateTimeOffset now) => _bySubject.TryGet(subject, now, out var known) ? known : new SubjectSessions();

    private void Tell(SessionChange change)
    {
        foreach (var (watcher, _) in _watchers)
            watcher(change);
    }

    // Changed under the lock.
    private sealed class Pool
    {
        private readonly int _usesKept;

        public Pool(TimeSpan lifetime, int usesKept)
        {
            _usesKept = usesKept;
            Sessions = new(lifetime, Capacity);
            Revoked = new(lifetime, Capacity, Refuse);
        }

        public ExpiringMap<SessionId, Session> Sessions { get; }

        /// <summary>When each was revoked. Apart, so that no crowd of sessions pushes a revocation out.</summary>
        public ExpiringMap<SessionId, DateTimeOffset> Revoked { get; }

        /// <summary>When the latest revocation was made that there was no room for.</summary>
        public DateTimeOffset NotBefore { get; private set; } = DateTimeOffset.MinValue;

        public int Count => Sessions.Count + Revoked.Count;

        public Session Find(SessionId session, DateTimeOffset now) =>
            Sessions.TryGet(session, now, out var known) ? known : new Session { Uses = new TokenUses(_usesKept) };

        /// <summary>No token that was made until then is good any more.</summary>
        public void Refuse(DateTimeOffset until) => NotBefore = until > NotBefore ? until : NotBefore;

        public SessionState? StateOf(SessionId session, DateTimeOffset now)
        {
            var isRevoked = Revoked.TryGet(session, now, out _);
            return Sessions.TryGet(session, now, out var known) || isRevoked ? new SessionState(isRevoked, known?.Credentials) : null;
        }

        public void Revoke(SessionId session, DateTimeOffset now)
        {
            Sessions.Remove(session);
            // The first revocation stands: what is put in anew would be the last to leave.
            if (!Revoked.TryGet(session, now, out _))
                Revoked.Set(session, now, now);
        }
    }

    private sealed class Session
    {
        public required TokenUses Uses { get; init; }

        public SessionCredentials? Credentials { get; set; }
    }
}
