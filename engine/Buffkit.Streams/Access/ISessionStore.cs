namespace Buffkit.Streams;

/// <summary>
/// What the servers know of sessions beyond their tokens: which tokens came, whether they are revoked, which credentials were
/// shown last, and which sessions a subject has. A session whose first token never came back is not known here, and costs nothing.
/// </summary>
/// <remarks>
/// State may get lost (a flushed Redis, a restarted server alone): a token that is signed and in time is then taken as the
/// first that came. Every implementation passes the same specification tests.
/// </remarks>
internal interface ISessionStore
{
    /// <summary>
    /// Notes that a token came, in one atomic step, and finds out whether one holder explains it: see <see cref="TokenUses"/>.
    /// </summary>
    ValueTask<SessionUse> UseAsync(TokenUse use, CancellationToken cancellationToken);

    /// <summary>Notes which credentials a session showed last; those shown before change nothing, but for a later end.</summary>
    ValueTask RenewAsync(SessionId session, SessionCredentials credentials, CancellationToken cancellationToken);

    /// <summary>Ends a session for good: none of its tokens is accepted any more, on no server.</summary>
    /// <param name="session">The session.</param>
    /// <param name="isAnonymous">Nobody's session, of which anybody can have many: kept apart. Nothing where that is not known.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was noted.</returns>
    ValueTask<bool> RevokeAsync(SessionId session, bool? isAnonymous, CancellationToken cancellationToken);

    /// <summary>Ends all sessions that a subject has now, those that are not listed included.</summary>
    /// <param name="subject">Whose.</param>
    /// <param name="except">One that goes on.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was noted.</returns>
    ValueTask<bool> RevokeAllAsync(string subject, SessionId? except, CancellationToken cancellationToken);

    /// <summary>The sessions of a subject whose tokens came lately, at most <see cref="SubjectSessions.Kept"/>.</summary>
    /// <returns>Nothing while the store is away.</returns>
    ValueTask<IReadOnlyList<SubjectSession>?> ListAsync(string subject, CancellationToken cancellationToken);

    /// <summary>Looks sessions up; nothing for those that are not known, or while the store is away.</summary>
    ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken);

    /// <summary>Calls back for each change that any server makes, until cancelled. A call may get lost; look from time to time.</summary>
    Task WatchAsync(Action<SessionChange> changed, CancellationToken cancellationToken);
}

/// <summary>A token that came.</summary>
/// <param name="Session">Its session.</param>
/// <param name="Subject">Whose; nothing for nobody's, which is forgotten sooner.</param>
/// <param name="Generation">Its number in the session.</param>
/// <param name="Issued">When it was made.</param>
internal readonly record struct TokenUse(SessionId Session, string? Subject, long Generation, DateTimeOffset Issued);

/// <summary>What became of the use of a token.</summary>
internal enum SessionUseStatus
{
    /// <summary>It is one that an honest holder may send.</summary>
    Accepted,

    /// <summary>Two hold the session's tokens, so it is revoked now.</summary>
    Reused,

    /// <summary>The session was revoked before, by itself or with all of its subject.</summary>
    Revoked,

    /// <summary>The store is away.</summary>
    Unavailable,
}

/// <summary>The answer to the use of a token.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Next">Where accepted: the generation that the client's next token has.</param>
/// <param name="Credentials">Where accepted: those that the session showed last, if they are not those of its first token.</param>
internal readonly record struct SessionUse(SessionUseStatus Status, long Next = 0, SessionCredentials? Credentials = null)
{
    /// <summary>
    /// Where accepted: when the client's next token is made, by the store's clock. Servers' clocks differ, and the store compares these
    /// times with its own.
    /// </summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>What is known of a session.</summary>
/// <param name="IsRevoked">Its streams end.</param>
/// <param name="Credentials">Those that it showed last, if they are not those of its first token.</param>
internal readonly record struct SessionState(bool IsRevoked, SessionCredentials? Credentials);

/// <summary>Credentials that a session showed.</summary>
/// <param name="Shown">When.</param>
/// <param name="Until">When they, or later ones, end.</param>
/// <param name="Claims">Their claims, as <see cref="SessionTokens.WriteClaims"/> made them.</param>
internal sealed record SessionCredentials(DateTimeOffset Shown, DateTimeOffset Until, string Claims)
{
    /// <summary>What stands after these were shown beside others: the claims shown last, and the later end.</summary>
    public SessionCredentials With(SessionCredentials? others)
    {
        if (others is null)
            return this;
        var last = others.Shown > Shown ? others : this;
        return last with { Until = others.Until > Until ? others.Until : Until };
    }
}

/// <summary>A session as its subject may see it.</summary>
/// <param name="Session">Its public id.</param>
/// <param name="Began">When its first token came.</param>
/// <param name="LastUsed">When one came last.</param>
internal readonly record struct SubjectSession(SessionId Session, DateTimeOffset Began, DateTimeOffset LastUsed);

/// <summary>Something that ends streams, or may.</summary>
/// <param name="Kind">What.</param>
/// <param name="Session">The session; for a subject the one that goes on, if one does.</param>
/// <param name="Subject">What <see cref="Subject.Hash"/> makes of the subject all of whose sessions end.</param>
internal readonly record struct SessionChange(SessionChangeKind Kind, SessionId? Session, string? Subject = null);

/// <summary>What happened to sessions.</summary>
internal enum SessionChangeKind
{
    /// <summary>A session is revoked.</summary>
    Revoked,

    /// <summary>A session showed other credentials.</summary>
    Renewed,

    /// <summary>All sessions of a subject, but for one perhaps, are revoked.</summary>
    SubjectRevoked,
}
