using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>Ends sessions from code, such as when an account is closed or a role is withdrawn.</summary>
public sealed partial class EventSessions
{
    private readonly ISessionStore _store;
    private readonly ILogger<EventSessions> _logger;

    internal EventSessions(ISessionStore store, ILogger<EventSessions> logger) => (_store, _logger) = (store, logger);

    /// <summary>
    /// Revokes a session on all servers: its open streams get <c>stream.close</c> with reason <c>revoked</c>, and none of its
    /// tokens is accepted any more.
    /// </summary>
    /// <param name="session">The public id, as <c>stream.open</c> and <c>POST /events/session</c> tell it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="false"/> where the servers' common memory is away: nothing is revoked, try again.</returns>
    /// <exception cref="ArgumentException">This is not the id of a session.</exception>
    public ValueTask<bool> RevokeAsync(string session, CancellationToken cancellationToken = default) =>
        RevokeAsync(Parse(session), isAnonymous: null, cancellationToken);

    /// <summary>
    /// Revokes all sessions that a subject has now, on all servers, such as when an account is closed or a right is withdrawn. Sessions
    /// that the subject begins afterwards are good.
    /// </summary>
    /// <param name="subject">The claim <c>sub</c>.</param>
    /// <param name="except">The public id of a session that goes on, such as the one from which the others are ended.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="false"/> where the servers' common memory is away: nothing is revoked, try again.</returns>
    /// <exception cref="ArgumentException">The subject is empty, or <paramref name="except"/> is not the id of a session.</exception>
    public async ValueTask<bool> RevokeAllAsync(string subject, string? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(subject);
        var revoked = await _store.RevokeAllAsync(subject, except is null ? null : Parse(except), cancellationToken).ConfigureAwait(false);
        if (revoked)
            Log.AllRevoked(_logger, Subject.Hash(subject));
        return revoked;
    }

    /// <summary>The sessions of a subject whose tokens came within <see cref="SessionsOptions.Lifetime"/>, the one that was used last first.</summary>
    /// <param name="subject">The claim <c>sub</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>At most 100; <see langword="null"/> where the servers' common memory is away.</returns>
    public async ValueTask<IReadOnlyList<EventSession>?> ListAsync(string subject, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(subject);
        var all = await _store.ListAsync(subject, cancellationToken).ConfigureAwait(false);
        return all is null
            ? null
            : [.. all.OrderByDescending(session => session.LastUsed).Select(session => new EventSession(session.Session.ToString(), session.Began, session.LastUsed))];
    }

    internal async ValueTask<bool> RevokeAsync(SessionId session, bool? isAnonymous, CancellationToken cancellationToken)
    {
        var revoked = await _store.RevokeAsync(session, isAnonymous, cancellationToken).ConfigureAwait(false);
        if (revoked)
            Log.Revoked(_logger, session);
        return revoked;
    }

    private static SessionId Parse(string session) =>
        SessionId.TryParse(session, out var id) ? id : throw new ArgumentException($"'{session}' is not the id of a session.", nameof(session));

    private static partial class Log
    {
        [LoggerMessage(103, LogLevel.Information, "Session {Session} was revoked.")]
        public static partial void Revoked(ILogger logger, SessionId session);

        [LoggerMessage(104, LogLevel.Information, "All sessions of subject {Subject} (a hash) were revoked.")]
        public static partial void AllRevoked(ILogger logger, string subject);
    }
}

/// <summary>A session of a subject.</summary>
/// <param name="Session">The public id, as <c>stream.open</c> tells it.</param>
/// <param name="Began">When its first token came, in UTC.</param>
/// <param name="LastUsed">When one came last, in UTC.</param>
public sealed record EventSession(string Session, DateTimeOffset Began, DateTimeOffset LastUsed);
