using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary><c>GET /events/presence?topic=</c>: who is on a topic, over all servers.</summary>
internal sealed class PresenceEndpoint(IPresenceStore store, PresenceTracker tracker, Admission admission)
{
    // A longer list is no longer one that somebody looks at; the count is always true.
    private const int MaxSessions = 1_000;

    private static readonly TimeSpan UnavailableRetry = TimeSpan.FromSeconds(2);

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        if (QueryMembers.Check(http.Request, "topic") is { } wrong)
            return wrong;
        if (!Topic.TryParse(http.Request.Query["topic"].ToString(), out var topic, out var error))
            return EventStreamProblems.Invalid("topic", error);
        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();
        if (await admission.RefuseAsync(http, session, TopicOperation.Subscribe, TopicFilter.Of(topic)) is { } notAllowed)
            return notAllowed;
        if (!tracker.IsKept(topic))
        {
            return EventStreamProblems.Invalid(
                "topic", "Nobody keeps who is on this topic; add it to Streams:Presence:Topics.", StatusCodes.Status404NotFound);
        }

        return await store.ReadAsync(topic, MaxSessions, http.RequestAborted) is { } list
            ? TypedResults.Ok(list)
            : EventStreamProblems.Unavailable("Who is there is not known at the moment.", UnavailableRetry);
    }
}
