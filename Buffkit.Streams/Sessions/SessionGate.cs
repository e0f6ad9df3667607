using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Finds out whose session a request belongs to. A token that is not good (forged, expired, bound elsewhere, revoked) is as
/// none: the caller becomes a new session and may do what anybody may, so that a browser, which cannot drop its cookie,
/// is never locked out by one.
/// </summary>
internal sealed partial class SessionGate(
    SessionTokens tokens,
    ISessionStore store,
    SecurityMetrics metrics,
    IOptions<StreamsOptions> options,
    TimeProvider time,
    ILogger<SessionGate> logger)
{
    private readonly SessionsOptions _options = options.Value.Sessions;

    /// <summary>Opens the session of a request that begins a stream: the client is given its next token.</summary>
    public ValueTask<Session> ConnectAsync(HttpContext http) => OpenAsync(http, rotate: true);

    /// <summary>Opens the session of any other request; the client keeps its token.</summary>
    public ValueTask<Session> RecognizeAsync(HttpContext http) => OpenAsync(http, rotate: false);

    /// <summary>Writes the session's next token into the response.</summary>
    /// <returns>When it expires; nothing where none could be made.</returns>
    public DateTimeOffset? GiveToken(HttpContext http, Session session)
    {
        var now = time.GetUtcNow();
        var expires = now + _options.Lifetime;
        if (session.AuthenticatedUntil is { } until && until < expires)
            expires = until;
        var token = new SessionToken(session.Id, session.Generation, expires, Binding(http, session.Id))
        {
            Subject = session.Subject,
            AuthenticatedUntil = session.AuthenticatedUntil,
            Claims = session.Subject is null || _options.Claims.Count == 0
                ? []
                : [.. session.User.Claims.Where(claim => _options.Claims.Contains(claim.Type))],
        };
        if (tokens.Write(token) is not { } text)
            return null;
        SessionCarrier.Write(http, text, expires - now);
        return expires;
    }

    private ValueTask<Session> OpenAsync(HttpContext http, bool rotate)
    {
        var token = ReadToken(http);
        return token is null
            ? ValueTask.FromResult(Complete(http, null, default, rotate))
            : AwaitAsync(store.UseAsync(token.Session, token.Generation, rotate, http.RequestAborted));

        async ValueTask<Session> AwaitAsync(ValueTask<SessionUse> using_)
        {
            var use = await using_;
            if (use.Status is SessionUseStatus.Reused)
            {
                Log.Reused(logger, token.Session, http.Connection.RemoteIpAddress);
                metrics.Revoked();
            }

            return Complete(http, use.Status is SessionUseStatus.Accepted or SessionUseStatus.Unavailable ? token : null, use, rotate);
        }
    }

    private SessionToken? ReadToken(HttpContext http)
    {
        if (SessionCarrier.Read(http.Request) is not { } text)
            return null;
        if (tokens.Read(text) is not { } token)
            return null;
        if (_options.AddressBinding is AddressBinding.Off || token.Binding == Binding(http, token.Session))
            return token;
        Log.OtherAddress(logger, token.Session, http.Connection.RemoteIpAddress);
        metrics.Misbound();
        return null;
    }

    private Session Complete(HttpContext http, SessionToken? token, SessionUse use, bool rotate)
    {
        var subject = Subject.Of(http.User);
        var authenticated = http.User.Identity is { IsAuthenticated: true };
        // Another subject is another session, and so is a stranger who logs in: who planted the stranger's token knows it.
        if (token is not null && authenticated && token.Subject != subject)
            token = null;

        var until = authenticated ? CredentialsUntil(http) : token?.AuthenticatedUntil;
        var session = new Session(token?.Session ?? SessionId.New(), authenticated || token is null ? http.User : token.ToPrincipal())
        {
            Subject = subject ?? (authenticated ? null : token?.Subject),
            AuthenticatedUntil = until,
            Generation = token is null ? 1 : Math.Max(use.Generation, token.Generation),
            IsReturning = token is not null,
        };
        // While the store is away the client keeps its token: a new generation could not be told from a stolen one later.
        if (rotate && (token is null || use.Status is SessionUseStatus.Accepted))
            GiveToken(http, session);
        return session;
    }

    private ulong Binding(HttpContext http, SessionId session) => _options.AddressBinding.Hash(http.Connection.RemoteIpAddress, session);

    private static DateTimeOffset? CredentialsUntil(HttpContext http) =>
        http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;

    private static partial class Log
    {
        [LoggerMessage(EventIds.TokenReused, LogLevel.Warning,
            "A token of session {Session} that was replaced came again, from {Address}: somebody else may hold it, so the session is revoked.")]
        public static partial void Reused(ILogger logger, SessionId session, System.Net.IPAddress? address);

        [LoggerMessage(EventIds.TokenMisbound, LogLevel.Warning,
            "A token of session {Session} came from {Address}, to which it is not bound; it was not accepted.")]
        public static partial void OtherAddress(ILogger logger, SessionId session, System.Net.IPAddress? address);
    }

    /// <summary>Ids of security events in the log, for alerts.</summary>
    internal static class EventIds
    {
        public const int TokenReused = 101;
        public const int TokenMisbound = 102;
    }
}

/// <summary>Whose request it is.</summary>
/// <param name="Id">The session.</param>
/// <param name="User">The caller, as the application's authentication or the session's token knows it.</param>
internal sealed record Session(SessionId Id, ClaimsPrincipal User)
{
    public string? Subject { get; init; }

    /// <summary>When the credentials expire; nothing for an anonymous caller, or credentials without an end.</summary>
    public DateTimeOffset? AuthenticatedUntil { get; init; }

    /// <summary>The generation of the client's next token.</summary>
    public long Generation { get; init; }

    /// <summary>The client brought a good token, so the session is not new.</summary>
    public bool IsReturning { get; init; }
}
