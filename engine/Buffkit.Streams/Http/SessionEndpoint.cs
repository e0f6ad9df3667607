using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// <c>POST /events/session</c>: credentials become a session. An EventSource cannot send headers, but a browser sends the
/// cookie that this answers with. Called again it renews the session, and open streams go on beyond the old credentials' end.
/// <c>DELETE</c> signs out, or with <c>?others=true</c> ends the subject's other sessions.
/// </summary>
internal sealed class SessionEndpoint(
    Admission admission, SessionGate gate, EventSessions sessions, IOptions<StreamsOptions> options)
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
        if (session.IsReturning)
            await gate.RenewAsync(http, session);
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
        if (OthersOnly(http.Request))
            return await EndOthersAsync(session, http);
        // The session of the token ends, even where the credentials beside it are those of another subject.
        if (session.ShownToken is { } token && !await sessions.RevokeAsync(token.Session, token.Subject is null, http.RequestAborted))
            return NotRevoked();
        SessionCarrier.Delete(http);
        return TypedResults.NoContent();
    }

    /// <summary><c>GET</c>: the caller's sessions, so that she can end those that are not hers.</summary>
    public async Task<IResult> ListAsync(HttpContext http)
    {
        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();
        if (session.Subject is null)
            return await AccessProblems.UnauthenticatedAsync(http, "Only who is known has sessions to list; authenticate first.");
        if (await sessions.ListAsync(session.Subject, http.RequestAborted) is not { } all)
            return EventStreamProblems.Unavailable("The sessions could not be read now; try again.", _options.Retry.Max);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new SessionList(
            [.. all.Select(one => new ListedSession(one.Session, one.Session == session.Id.ToString(), one.Began, one.LastUsed))]));
    }

    // A request with credentials and no token is in none of the subject's sessions, so all of them are others.
    private async Task<IResult> EndOthersAsync(Session session, HttpContext http)
    {
        var here = session.ShownToken is { Subject: not null } token ? token : null;
        if ((here?.Subject ?? session.Subject) is not { } subject)
            return await AccessProblems.UnauthenticatedAsync(http, "Only who is known has other sessions to end; authenticate first.");
        return await sessions.RevokeAllAsync(subject, here?.Session.ToString(), http.RequestAborted) ? TypedResults.NoContent() : NotRevoked();
    }

    private IResult NotRevoked() => EventStreamProblems.Unavailable("The session could not be revoked now; try again.", _options.Retry.Max);

    private static bool OthersOnly(HttpRequest request) => request.Query["others"] == "true";
}

/// <summary>The answer to <c>GET /events/session</c>.</summary>
/// <param name="Sessions">The caller's, the one that was used last first.</param>
internal sealed record SessionList(IReadOnlyList<ListedSession> Sessions);

/// <summary>One of the caller's sessions.</summary>
/// <param name="Session">The public id; opens nothing.</param>
/// <param name="Current">It is this request's.</param>
/// <param name="Began">When its first token came, in UTC.</param>
/// <param name="LastUsed">When one came last, in UTC.</param>
internal sealed record ListedSession(string Session, bool Current, DateTimeOffset Began, DateTimeOffset LastUsed);

/// <summary>The answer to <c>POST /events/session</c>.</summary>
/// <param name="Session">The public id; opens nothing.</param>
/// <param name="Subject">Whose session it is.</param>
/// <param name="Expires">When the token expires, or the credentials do, in UTC; call again before.</param>
internal sealed record SessionAnswer(string Session, string Subject, DateTimeOffset Expires);
