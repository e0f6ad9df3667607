using System.Buffers.Text;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams.Encryption;

/// <summary>
/// <c>GET /events/keys?topic=</c>: the keys of one encrypted topic as a JSON Web Key Set (RFC 7517), for who may subscribe to it.
/// </summary>
internal sealed class KeysEndpoint(EventKeyRing keys, IEventEncryption encryption, Admission admission) : IKeysEndpoint
{
    private static readonly TimeSpan UnavailableRetry = TimeSpan.FromSeconds(2);

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        if (QueryMembers.Check(http.Request, "topic") is { } wrong)
            return wrong;
        var topics = http.Request.Query["topic"];
        string? error = null;
        if (topics.Count != 1 || !Topic.TryParse(topics[0], out var topic, out error))
            return EventStreamProblems.Invalid("topic", error ?? "Name one topic, as in ?topic=user/ada/health .");

        var admitted = await admission.RecognizeAsync(http, RateKind.Connect);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();
        if (await admission.RefuseAsync(http, session, TopicOperation.Subscribe, TopicFilter.Of(topic)) is { } problem)
            return problem;
        if (!encryption.IsEncrypted(topic))
            return TypedResults.Problem("The topic is not encrypted (Streams:Encryption:Topics).", statusCode: StatusCodes.Status404NotFound);

        try
        {
            var all = await keys.AllAsync(http.RequestAborted);
            http.Response.Headers.CacheControl = "no-store";
            return TypedResults.Json(new KeySet([.. all.Select(key => Write(key.ForTopic(topic)))]), contentType: "application/jwk-set+json");
        }
        catch (KeysUnavailableException)
        {
            return EventStreamProblems.Unavailable("The keys are out of reach; ask again.", UnavailableRetry);
        }
    }

    private static WebKey Write(TopicKey key) => new("oct", key.Id, "A256GCM", "enc", Base64Url.EncodeToString(key.Secret));
}
