namespace Buffkit.Streams;

/// <summary>What a server that runs alone knows of a subject's sessions. Not safe for concurrent use.</summary>
internal sealed class SubjectSessions
{
    /// <summary>Sessions that are listed: more than a person has devices. The one that was not used for longest is left out.</summary>
    public const int Kept = 100;

    private readonly Dictionary<SessionId, SubjectSession> _sessions = [];

    /// <summary>Tokens that were made before are not good, but for those of <see cref="Except"/>.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    public SessionId? Except { get; private set; }

    public IReadOnlyCollection<SubjectSession> All => _sessions.Values;

    public bool Refuses(TokenUse use) => use.Issued < NotBefore && use.Session != Except;

    public void Add(SessionId session, DateTimeOffset now)
    {
        if (_sessions.TryGetValue(session, out var known))
        {
            _sessions[session] = known with { LastUsed = now };
            return;
        }

        if (_sessions.Count >= Kept)
            _sessions.Remove(_sessions.Values.MinBy(other => other.LastUsed).Session);
        _sessions.Add(session, new SubjectSession(session, now, now));
    }

    public void Remove(SessionId session) => _sessions.Remove(session);

    public void RevokeAll(SessionId? except, DateTimeOffset now) => (NotBefore, Except) = (now, except);
}
