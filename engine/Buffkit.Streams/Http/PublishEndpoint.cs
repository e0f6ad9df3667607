using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary><c>POST /events</c>: publish. <c>202</c> once the log holds the events.</summary>
internal sealed class PublishEndpoint(
    EventPublisher publisher,
    PresenceTracker presence,
    ConnectionDrain drain,
    Admission admission,
    PublishBodyReader bodies,
    IEventEncryption encryption,
    IOptions<StreamsOptions> options)
{
    private static readonly TimeSpan UnavailableRetry = TimeSpan.FromSeconds(2);

    private readonly LimitsOptions _limits = options.Value.Limits;
    private readonly TopicFilter[] _html = [.. options.Value.Html.Topics.Select(TopicFilter.Parse)];

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        // Its subscribers are being sent away; with a log in memory nobody would ever see the event.
        if (drain.IsDraining)
            return EventStreamProblems.Unavailable("This server is shutting down; publish again.", UnavailableRetry);

        var admitted = await admission.RecognizeAsync(http, RateKind.Publish);
        if (admitted.Session is not { } session)
            return admitted.Refusal!.ToProblem();

        // Before the body is read: it may be large, and would be read for nothing.
        if (await admission.RefuseUnreadAsync(http, session, TopicOfQuery(http.Request)) is { } refused)
            return refused;

        if (PublishContentCoding.Refuse(http) is { } coded)
            return coded;

        var cancellationToken = http.RequestAborted;
        var (body, unreadable) = await bodies.ReadAsync(http, session);
        if (unreadable is not null)
            return unreadable;

        var publish = Read(http.Request, body);
        if (publish.Problem is { } problem)
            return problem;
        // Before whatever depends on configuration: who may not publish learns nothing of it.
        if (await admission.RefuseAsync(http, session, publish.Drafts) is { } notAllowed)
            return notAllowed;
        if (publish.Drafts.FirstOrDefault(IsFeignedPresence) is { } feigned)
            return EventStreamProblems.Invalid("type", $"On '{feigned.Topic.Value}' the server itself says who comes and goes; take another type.");
        if (publish.Drafts.FirstOrDefault(IsForeignHtml) is { } html)
        {
            return AccessProblems.Forbidden(
                $"On '{html.Topic.Value}' the server's own code alone publishes {HtmlFragment.ContentType}, which pages show as it is (Streams:Html:Topics).");
        }

        if (admission.Weigh(session, publish.Drafts.Count, body.Length) is { } tooMuch)
            return tooMuch.ToProblem();

        byte[]? secret = null;
        if (http.Request.Headers.ContainsKey(IdempotencyKey.Header) && publish.Drafts.Any(draft => encryption.IsEncrypted(draft.Topic)))
        {
            try
            {
                secret = await encryption.GetFingerprintKeyAsync(cancellationToken);
            }
            catch (KeysUnavailableException)
            {
                return EventStreamProblems.Unavailable("The keys of encrypted topics are out of reach; publish again.", UnavailableRetry);
            }
        }

        var (idempotency, keyProblem) = IdempotencyKey.Read(http.Request, body, session, secret);
        if (keyProblem is not null)
            return keyProblem;

        var result = await publisher.TryPublishAsync(publish.Drafts, idempotency, cancellationToken);
        if (result.Status is AppendStatus.AlreadyAppended)
            http.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        return Answer(result, publish.IsArray);
    }

    private bool IsFeignedPresence(EventDraft draft) =>
        draft.Type is PresenceTracker.Join or PresenceTracker.Leave && presence.IsAnnounced(draft.Topic);

    private bool IsForeignHtml(EventDraft draft) =>
        HtmlFragment.IsHtml(draft.ContentType ?? draft.CloudEvent?.DataContentType) && !_html.Match(draft.Topic);

    private static BodyForm FormOf(HttpRequest request)
    {
        if (PublishCloudEvents.IsBinaryMode(request))
            return BodyForm.CloudEventInHeaders;
        if (!MediaType.TryParse(request.ContentType, out var type))
            return BodyForm.Binary;
        if (type.Is("application/json"))
            return QueryMember(request) is null ? BodyForm.Json : BodyForm.Binary;
        return type.Is("application/cloudevents+json") ? BodyForm.CloudEvent
            : type.Is("application/cloudevents-batch+json") ? BodyForm.CloudEvents
            : BodyForm.Binary;
    }

    // What the query says of the body, which then is data and no event.
    private static string? QueryMember(HttpRequest request)
    {
        foreach (var name in (ReadOnlySpan<string>)["topic", "type", "key"])
        {
            if (request.Query.ContainsKey(name))
                return name;
        }

        return null;
    }

    private PublishBody Read(HttpRequest request, byte[] body)
    {
        // A CloudEvent says for itself what else there is to say.
        var wrong = FormOf(request) is BodyForm.Json or BodyForm.Binary
            ? QueryMembers.Check(request, "topic", "type", "key")
            : QueryMembers.Check(request, "topic");
        if (wrong is not null)
            return new PublishBody([], false, wrong);
        foreach (var name in (ReadOnlySpan<string>)["topic", "type", "key"])
        {
            if (request.Query[name].Count > 1)
                return PublishBody.Wrong(name, "Say it once; to publish to several topics send an array.");
        }

        var form = FormOf(request);
        if (form is BodyForm.Binary && MediaType.TryParse(request.ContentType, out var type) && type.Is("application/json") && PublishJson.IsEvent(body))
            return PublishBody.Wrong(QueryMember(request)!, "The body is an event with a topic and a type of its own. Leave the query out, or send the body as the data of an event.");

        return form switch
        {
            BodyForm.CloudEventInHeaders => PublishCloudEvents.ReadBinaryMode(request, body, _limits),
            BodyForm.Json => PublishJson.Read(body, _limits),
            BodyForm.CloudEvent => PublishCloudEvents.ReadStructured(request, body, batch: false, _limits),
            BodyForm.CloudEvents => PublishCloudEvents.ReadStructured(request, body, batch: true, _limits),
            _ => PublishBinary.Read(request, body, _limits),
        };
    }

    private static IResult Answer(AppendResult result, bool isArray) => result.Status switch
    {
        AppendStatus.KeyConflict => EventStreamProblems.Invalid(
            IdempotencyKey.Header, "This key was used for another request; take a new one.", StatusCodes.Status422UnprocessableEntity),
        AppendStatus.Unavailable => EventStreamProblems.Unavailable(
            $"The event log is unavailable, and may or may not hold the events. Publish them again; with an {IdempotencyKey.Header} that is safe.", UnavailableRetry),
        _ when isArray => TypedResults.Accepted((string?)null, new PublishedMany(result.Ids.Select(id => id.ToString()))),
        _ => TypedResults.Accepted((string?)null, new PublishedOne(result.Ids[0].ToString())),
    };

    // Where the body alone says where its events go, nothing is known yet.
    private static Topic? TopicOfQuery(HttpRequest request) =>
        FormOf(request) is not BodyForm.Json && Topic.TryParse(request.Query["topic"], out var topic, out _) ? topic : (Topic?)null;

    private enum BodyForm
    {
        Json,
        CloudEvent,
        CloudEvents,
        CloudEventInHeaders,
        Binary,
    }
}

/// <summary>The answer to one published event.</summary>
/// <param name="Id">The id that the log gave it.</param>
internal sealed record PublishedOne(string Id);

/// <summary>The answer to an array of published events.</summary>
/// <param name="Ids">One id per event, in order.</param>
internal sealed record PublishedMany(IEnumerable<string> Ids);
