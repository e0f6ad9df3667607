using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// <c>POST /events/session</c>: credentials become a session. An EventSource cannot send headers, but a browser sends the
/// cookie that this answers with. Called again it renews the session, and open streams go on beyond the old credentials' end.
/// <c>DELETE</c> signs out.
/// </summary>
internal sealed class SessionEndpoint(
    Admission admission, SessionGate gate, ISessionStore store, EventSessions sessions, IOptions<StreamsOptions> options)
{
    private readonly StreamsOptions _options = options.Value;

    public async Task<IResult> CreateAsync(HttpContext http)
    {
        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();
        if (!session.ShowedCredentials)
            return await AccessProblems.UnauthenticatedAsync(http, "Send credentials that have not expired, such as a bearer token in the header Authorization.");
        if (session.Subject is null)
            return AccessProblems.Forbidden("The credentials name no subject (claim 'sub', 1 to 255 characters).");
        // First, so that another request's token, which is made meanwhile, lasts as long. A new session has no other token.
        if (session is { IsReturning: true, AuthenticatedUntil: { } until })
            await store.RenewAsync(session.Id, until, http.RequestAborted);
        if (gate.GiveToken(http, session) is not { } expires)
        {
            return EventStreamProblems.Unavailable(
                "No session token could be made: its keys are away, or the claims of Streams:Sessions:Claims make it too long.", _options.Retry.Max);
        }

        return TypedResults.Ok(new SessionAnswer(session.Id.ToString(), session.Subject, expires));
    }

    public async Task<IResult> DeleteAsync(HttpContext http)
    {
        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();
        // Of whoever else the credentials are that came along: the token's session is the one that is to end.
        if (session.Brought is { } brought && !await sessions.RevokeAsync(brought.ToString(), http.RequestAborted))
            return EventStreamProblems.Unavailable("The session could not be revoked now; try again.", _options.Retry.Max);
        SessionCarrier.Delete(http);
        return TypedResults.NoContent();
    }
}

/// <summary>The answer to <c>POST /events/session</c>.</summary>
/// <param name="Session">The public id; opens nothing.</param>
/// <param name="Subject">Whose session it is.</param>
/// <param name="Expires">When the token expires, or the credentials do, in UTC; call again before.</param>
internal sealed record SessionAnswer(string Session, string Subject, DateTimeOffset Expires);
