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
    PlainHttpWatch plainHttp,
    IOptions<StreamsOptions> options,
    TimeProvider time,
    ILogger<SessionGate> logger)
{
    // Of what is kept in the servers' common memory for a session: a large token's worth.
    private const int MaxClaimsLength = 8_192;

    private readonly SessionsOptions _options = options.Value.Sessions;
    private readonly IList<string> _corsOrigins = options.Value.Cors.Origins;

    /// <summary>Opens the session of a request that begins a stream: the client is given its next token.</summary>
    public ValueTask<Session> ConnectAsync(HttpContext http, ShownCaller shown) => OpenAsync(http, shown.Token, rotate: true);

    /// <summary>Opens the session of any other request; the client keeps its token unless <see cref="GiveToken"/> is called.</summary>
    public ValueTask<Session> RecognizeAsync(HttpContext http, ShownCaller shown) => OpenAsync(http, shown.Token, rotate: false);

    /// <summary>Looks at what a request shows of its caller, without asking the sessions' store.</summary>
    public ShownCaller Look(HttpContext http)
    {
        var token = ReadToken(http);
        // The store may know that the credentials were renewed since the token was made.
        return new ShownCaller(token, Subject.Of(http.User) ?? token?.Subject);
    }

    /// <summary>Whether a token came, good or not.</summary>
    public bool HasToken(HttpContext http) => SessionCarrier.Read(http.Request, _corsOrigins) is not null;

    /// <summary>Writes the session's next token into the response.</summary>
    /// <returns>When it expires, or the credentials do; nothing where none could be made.</returns>
    public DateTimeOffset? GiveToken(HttpContext http, Session session)
    {
        // Credentials' end is not the token's: they may be renewed by another request while this one is on its way.
        var now = time.GetUtcNow();
        var lifetime = _options.LifetimeOf(session.Subject is null);
        var expires = now + lifetime;
        var token = new SessionToken(session.Id, session.Generation, session.NextIssued ?? now, expires, Binding(http, session.Id))
        {
            Subject = session.Subject,
            AuthenticatedUntil = session.AuthenticatedUntil,
            CredentialsShown = session.CredentialsShown,
            Claims = session.Subject is null ? [] : Kept(session.User.Claims),
        };
        if (tokens.Write(token) is not { } text)
            return null;
        SessionCarrier.Write(http, text, lifetime, _corsOrigins);
        plainHttp.Look(http);
        return session.AuthenticatedUntil < expires ? session.AuthenticatedUntil : expires;
    }

    /// <summary>Notes the credentials that a session's request showed, for its other tokens and its streams.</summary>
    public ValueTask RenewAsync(HttpContext http, Session session)
    {
        var claims = ClaimsOf(http.User);
        return store.RenewAsync(
            session.Id, new SessionCredentials(session.CredentialsShown, session.AuthenticatedUntil!.Value, tokens.WriteClaims(claims)), http.RequestAborted);
    }

    private ValueTask<Session> OpenAsync(HttpContext http, SessionToken? token, bool rotate)
    {
        return token is null
            ? ValueTask.FromResult(Complete(http, null, default, rotate))
            : AwaitAsync(store.UseAsync(new TokenUse(token.Session, token.Subject, token.Generation, token.Issued), http.RequestAborted));

        async ValueTask<Session> AwaitAsync(ValueTask<SessionUse> using_)
        {
            var use = await using_;
            if (use.Status is SessionUseStatus.Reused)
            {
                Log.Reused(logger, token.Session, http.Connection.RemoteIpAddress);
                metrics.Revoked();
            }

            var good = use.Status is SessionUseStatus.Accepted or SessionUseStatus.Unavailable ? Current(token, use.Credentials) : null;
            var session = Complete(http, good, use, rotate);
            // Other rights than the session's tokens say: those count from now on, for every token and stream of it.
            if (session is { ShowedCredentials: true, IsReturning: true, Subject: not null } && !SameClaims(Kept(http.User.Claims), good!.Claims))
                await RenewAsync(http, session);
            return session;
        }
    }

    // Another request of the session may have shown other credentials since the token was made.
    private SessionToken Current(SessionToken token, SessionCredentials? renewed)
    {
        if (renewed is null)
            return token;
        token = token with { AuthenticatedUntil = Later(token.AuthenticatedUntil, renewed.Until) };
        return renewed.Shown > token.CredentialsShown
            ? token with { CredentialsShown = renewed.Shown, Claims = Kept(tokens.ReadClaims(renewed.Claims)) }
            : token;
    }

    private Claim[] Kept(IEnumerable<Claim> claims) =>
        _options.Claims.Count == 0 ? [] : [.. claims.Where(claim => _options.Claims.Contains(claim.Type))];

    private static bool SameClaims(Claim[] some, IReadOnlyList<Claim> others) =>
        some.Length == others.Count && some.Zip(others).All(pair => pair.First.Type == pair.Second.Type && pair.First.Value == pair.Second.Value);

    // All of them, where that is not too much: a stream that was opened with the credentials themselves is judged by them again.
    private Claim[] ClaimsOf(ClaimsPrincipal user)
    {
        var roles = user.Identities
            .SelectMany(identity => identity.Claims.Where(claim => claim.Type == identity.RoleClaimType && claim.Type != "role"))
            .Select(claim => new Claim("role", claim.Value));
        Claim[] all = [.. user.Claims, .. roles];
        return all.Sum(claim => claim.Type.Length + claim.Value.Length) <= MaxClaimsLength ? all : Kept(all);
    }

    private SessionToken? ReadToken(HttpContext http)
    {
        if (SessionCarrier.Read(http.Request, _corsOrigins) is not { } text)
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
        var now = time.GetUtcNow();
        var shownToken = token;
        DateTimeOffset? shown = http.User.Identity is { IsAuthenticated: true } ? CredentialsUntil(http, now) : null;
        // A scheme may accept credentials a little after their end, for clocks that differ; a stream of theirs would end at once.
        var authenticated = shown > now;
        var subject = authenticated ? Subject.Of(http.User) : null;
        var known = token?.AuthenticatedUntil;
        // Another subject gets another session. So does a stranger who logs in: the token may have been given to her by somebody who
        // keeps a copy, and who would then be logged in too.
        if (token is not null && (authenticated ? token.Subject != subject : token.Subject is not null && known <= now))
            (token, known) = (null, null);

        var session = new Session(token?.Session ?? SessionId.New(), UserOf(http, authenticated, token))
        {
            Subject = authenticated ? subject : token?.Subject,
            ShowedCredentials = authenticated,
            AuthenticatedUntil = Later(authenticated ? shown : null, known),
            CredentialsShown = authenticated ? now : token?.CredentialsShown ?? DateTimeOffset.UnixEpoch,
            Generation = token is null ? 1 : Math.Max(use.Next, token.Generation),
            NextIssued = token is not null && use.Status is SessionUseStatus.Accepted ? use.At : null,
            IsReturning = token is not null,
            ShownToken = shownToken,
        };
        session = session with { AddressPool = AddressPool.Of(http, session.Subject is not null) };
        // While the store is away the client keeps its token: a new generation could not be told from a stolen one later.
        if (rotate && (token is null || use.Status is SessionUseStatus.Accepted))
            GiveToken(http, session);
        return session;
    }

    private static ClaimsPrincipal UserOf(HttpContext http, bool authenticated, SessionToken? token)
    {
        if (authenticated)
            return http.User;
        if (token is not null)
            return token.ToPrincipal();
        return http.User.Identity is { IsAuthenticated: true } ? new ClaimsPrincipal(new ClaimsIdentity()) : http.User;
    }

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other : one;

    private ulong Binding(HttpContext http, SessionId session) => _options.AddressBinding.Hash(http.Connection.RemoteIpAddress, session);

    private DateTimeOffset CredentialsUntil(HttpContext http, DateTimeOffset now)
    {
        var longest = now + _options.MaxAge;
        return http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc is { } own && own < longest ? own : longest;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.TokenReused, LogLevel.Warning,
            "A token of session {Session} that its holder has given up came again, from {Address}: somebody else may hold it, so the session is revoked.")]
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

/// <summary>What a request shows of its caller before the sessions' store is asked, which may know better.</summary>
/// <param name="Token">The token that came, if this system issued it and it is in time; its session may be revoked.</param>
/// <param name="Subject">Whom its credentials, or the token, name.</param>
internal readonly record struct ShownCaller(SessionToken? Token, string? Subject);

/// <summary>Whose request it is.</summary>
/// <param name="Id">The session.</param>
/// <param name="User">The caller, as the application's authentication or the session's token knows it.</param>
internal sealed record Session(SessionId Id, ClaimsPrincipal User)
{
    public string? Subject { get; init; }

    /// <summary>The request itself came with credentials that are in time.</summary>
    public bool ShowedCredentials { get; init; }

    /// <summary>When the credentials expire, these or those with which the session was renewed; nothing for an anonymous caller.</summary>
    public DateTimeOffset? AuthenticatedUntil { get; init; }

    /// <summary>When the credentials were shown whose claims the caller has.</summary>
    public DateTimeOffset CredentialsShown { get; init; }

    /// <summary>The generation of the client's next token.</summary>
    public long Generation { get; init; }

    /// <summary>When that is made, by the clock of the sessions' store; nothing where it was not asked.</summary>
    public DateTimeOffset? NextIssued { get; init; }

    /// <summary>The client brought a good token, so the session is not new.</summary>
    public bool IsReturning { get; init; }

    /// <inheritdoc cref="Streams.AddressPool"/>
    public string AddressPool { get; init; } = "";

    /// <summary>The good token that came with the request, even where its credentials are those of another subject.</summary>
    public SessionToken? ShownToken { get; init; }
}
