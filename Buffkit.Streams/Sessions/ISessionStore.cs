namespace Buffkit.Streams;

/// <summary>
/// What the servers know of sessions beyond their tokens: which tokens came, whether they are revoked, until
/// when they are authenticated. A session whose first token never came back is not known here, and costs nothing.
/// </summary>
/// <remarks>
/// State may get lost (a flushed Redis, a restarted server alone): a token that is signed and in time is then taken as the
/// newest. Every implementation passes the same specification tests.
/// </remarks>
internal interface ISessionStore
{
    /// <summary>
    /// Notes that a token came, in one atomic step, and finds out whether one holder explains it: see <see cref="TokenUses"/>.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="generation">The token's.</param>
    /// <param name="issued">When the token was made.</param>
    /// <param name="isAnonymous">Nobody's session: there is little to steal, so it is forgotten soon.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<SessionUse> UseAsync(SessionId session, long generation, DateTimeOffset issued, bool isAnonymous, CancellationToken cancellationToken);

    /// <summary>Notes that a session was authenticated anew; a time before the one that is known changes nothing.</summary>
    ValueTask RenewAsync(SessionId session, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Ends a session for good: none of its tokens is accepted any more, on no server.</summary>
    /// <returns>Whether it was noted.</returns>
    ValueTask<bool> RevokeAsync(SessionId session, CancellationToken cancellationToken);

    /// <summary>Looks sessions up; nothing for those that are not known, or while the store is away.</summary>
    ValueTask<IReadOnlyList<SessionState?>> FindAsync(IReadOnlyList<SessionId> sessions, CancellationToken cancellationToken);

    /// <summary>Calls back for each session that any server revokes, until cancelled. A call may get lost; look from time to time.</summary>
    Task WatchAsync(Action<SessionId> revoked, CancellationToken cancellationToken);
}

/// <summary>What became of the use of a token.</summary>
internal enum SessionUseStatus
{
    /// <summary>It is one that an honest holder may send.</summary>
    Accepted,

    /// <summary>Two hold the session's tokens, so it is revoked now.</summary>
    Reused,

    /// <summary>The session was revoked before.</summary>
    Revoked,

    /// <summary>The store is away.</summary>
    Unavailable,
}

/// <summary>The answer to the use of a token.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Next">Where accepted: the generation that the client's next token has.</param>
/// <param name="AuthenticatedUntil">Where accepted: until when the session was authenticated anew, if it was.</param>
internal readonly record struct SessionUse(SessionUseStatus Status, long Next = 0, DateTimeOffset? AuthenticatedUntil = null);

/// <summary>What is known of a session.</summary>
/// <param name="IsRevoked">Its streams end.</param>
/// <param name="AuthenticatedUntil">Until when it was last authenticated anew.</param>
internal readonly record struct SessionState(bool IsRevoked, DateTimeOffset? AuthenticatedUntil);
