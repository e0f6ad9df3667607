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
    public async ValueTask<bool> RevokeAsync(string session, CancellationToken cancellationToken = default)
    {
        if (!SessionId.TryParse(session, out var id))
            throw new ArgumentException("This is not the id of a session.", nameof(session));
        var revoked = await _store.RevokeAsync(id, cancellationToken).ConfigureAwait(false);
        if (revoked)
            Log.Revoked(_logger, id);
        return revoked;
    }

    private static partial class Log
    {
        [LoggerMessage(103, LogLevel.Information, "Session {Session} was revoked.")]
        public static partial void Revoked(ILogger logger, SessionId session);
    }
}
