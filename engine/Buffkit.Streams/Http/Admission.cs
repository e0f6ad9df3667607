using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>
/// Lets a caller in: by the rates of what it shows first, as that costs little, then whose session it is, its subject's rate and its
/// breaker, the topics, and a place among the connections.
/// </summary>
internal sealed class Admission(
    RequestLimits rates, SessionGate gate, SessionPace pace, ITopicAuthorization authorization, ConnectionLimits connections, SecurityMetrics metrics)
{
    /// <summary>Lets a subscriber in, and gives it its session's next token.</summary>
    public async ValueTask<Admitted> SubscribeAsync(HttpContext http, IReadOnlyList<TopicFilter> filters)
    {
        var entered = await EnterAsync(http, RateKind.Connect, rotate: true);
        if (entered.Session is not { } session)
            return entered;
        if (Pace(session) is { } failing)
            return new Admitted(failing);
        foreach (var filter in filters)
        {
            if (await RefuseAsync(http, session, TopicOperation.Subscribe, filter) is { } problem)
                return new Admitted(null, problem);
        }

        return await connections.EnterAsync(http, session, filters) is { } full ? new Admitted(full) : new Admitted(null) { Session = session };
    }

    /// <summary>Lets the caller of a short request in; which topics it may use is asked when they are read.</summary>
    public ValueTask<Admitted> RecognizeAsync(HttpContext http, RateKind kind) => EnterAsync(http, kind, rotate: false);

    /// <summary>Asks what can be known before the body of a publish call is read.</summary>
    /// <param name="http">The call.</param>
    /// <param name="session">Whose it is.</param>
    /// <param name="topic">Where its events go, if something else than the body says that.</param>
    /// <returns>The answer where the caller may not publish there, or nowhere at all.</returns>
    public async ValueTask<IResult?> RefuseUnreadAsync(HttpContext http, Session session, Topic? topic)
    {
        if (topic is not null)
            return await RefuseAsync(http, session, TopicOperation.Publish, TopicFilter.Of(topic.Value));
        if (await authorization.MayPublishAsync(session.User, http.RequestAborted))
            return null;
        metrics.Refused("topic");
        return await DenyAsync(http, session, "Publishing is not allowed.");
    }

    /// <returns>The answer where one of the events may not be published.</returns>
    public async ValueTask<IResult?> RefuseAsync(HttpContext http, Session session, IReadOnlyList<EventDraft> drafts)
    {
        Topic? before = null;
        foreach (var draft in drafts)
        {
            // Batches are mostly of one topic.
            if (draft.Topic != before && await RefuseAsync(http, session, TopicOperation.Publish, TopicFilter.Of(draft.Topic)) is { } problem)
                return problem;
            before = draft.Topic;
        }

        return null;
    }

    /// <summary>Counts what a call publishes, whose topics are its caller's to publish on.</summary>
    public Refusal? Weigh(Session session, int events, int bytes) => rates.AdmitEvents(session, events, bytes);

    /// <returns>The answer where the caller may not do that.</returns>
    public async ValueTask<IResult?> RefuseAsync(HttpContext http, Session session, TopicOperation operation, TopicFilter filter)
    {
        if (await authorization.IsAllowedAsync(new TopicAccess(session.User, operation, filter), http.RequestAborted))
            return null;
        metrics.Refused("topic");
        return await DenyAsync(
            http, session, $"{(operation is TopicOperation.Publish ? "Publishing on" : "Subscribing to")} '{filter}' is not allowed.");
    }

    private async ValueTask<IResult> DenyAsync(HttpContext http, Session session, string detail)
    {
        if (session.User.Identity is { IsAuthenticated: true })
            return AccessProblems.Forbidden(detail);
        return await AccessProblems.UnauthenticatedAsync(http, gate.HasToken(http) && !session.IsReturning
            ? $"{detail} The session token that came is no longer good; authenticate anew."
            : $"{detail} Authenticate first; a browser does so with POST to the path of this stream plus /session.");
    }

    private async ValueTask<Admitted> EnterAsync(HttpContext http, RateKind kind, bool rotate)
    {
        var shown = gate.Look(http);
        if (rates.Admit(http, shown, kind) is { } refusal)
            return new Admitted(refusal);
        var session = rotate ? await gate.ConnectAsync(http, shown) : await gate.RecognizeAsync(http, shown);
        return rates.AdmitKnown(shown, session, kind) is { } tooOften ? new Admitted(tooOften) : new Admitted(null) { Session = session };
    }

    private Refusal? Pace(Session session)
    {
        var refusal = session.IsReturning ? pace.Admit(session.Id) : null;
        if (refusal is not null)
            metrics.Refused(refusal.Reason);
        return refusal;
    }
}

/// <summary>What became of a caller.</summary>
/// <param name="Refusal">A limit says no for now.</param>
/// <param name="Problem">The caller may not.</param>
internal readonly record struct Admitted(Refusal? Refusal, IResult? Problem = null)
{
    /// <summary>Whose request it is, where it is let in.</summary>
    public Session? Session { get; init; }
}
