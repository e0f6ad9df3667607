using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>What a subscriber asks for, read from a request that is hostile until parsed.</summary>
internal sealed record SubscribeRequest
{
    private const string LastEventIdHeader = "Last-Event-ID";

    private SubscribeRequest(IReadOnlyList<TopicFilter> filters) => Filters = filters;

    public IReadOnlyList<TopicFilter> Filters { get; }

    /// <summary>How events are written on an event stream: <c>?format=</c>.</summary>
    public WireForm Form { get; private init; } = WireForm.RawSse;

    /// <summary>The cursor; nothing for a client that begins now, or whose <see cref="LastEventId"/> is no id.</summary>
    public EventId? After { get; private init; }

    /// <summary>The header as it came; a browser cannot be refused for what stands in it.</summary>
    public string? LastEventId { get; private init; }

    /// <summary>The cursor as the client sent it.</summary>
    public string? Cursor => LastEventId ?? After?.ToString();

    /// <summary>The cursor came in <c>?after=</c>, where a wrong one is the caller's mistake.</summary>
    public bool IsStrict => After is not null && LastEventId is null;

    /// <summary>Reads the request.</summary>
    /// <returns>The request, or what is wrong with it.</returns>
    public static (SubscribeRequest? Request, IResult? Problem) Read(HttpRequest request, LimitsOptions limits)
    {
        var topics = request.Query["topic"];
        if (topics.Count == 0)
            return (null, EventStreamProblems.Invalid("topic", "Name at least one topic, as in ?topic=orders/** ."));
        if (limits.TopicsPerConnection > 0 && topics.Count > limits.TopicsPerConnection)
        {
            return (null, EventStreamProblems.Invalid(
                "topic", $"{topics.Count} topics were asked for; at most {limits.TopicsPerConnection} are allowed. A filter with '*' or '**' may stand for many."));
        }

        var filters = new List<TopicFilter>(topics.Count);
        foreach (var topic in topics)
        {
            if (!TopicFilter.TryParse(topic, out var filter, out var error))
                return (null, EventStreamProblems.Invalid("topic", error));
            filters.Add(filter);
        }

        if (ReadForm(request) is not { } form)
            return (null, EventStreamProblems.Invalid("format", "The formats are raw, cloudevents and html."));
        var read = new SubscribeRequest(filters) { Form = form };
        var header = request.Headers[LastEventIdHeader].ToString();
        if (header.Length > 0)
            return (read with { LastEventId = header, After = EventId.TryParse(header, out var last) ? last : null }, null);
        if (!request.Query.TryGetValue("after", out var after))
            return (read, null);
        return EventId.TryParse(after.ToString(), out var id)
            ? (read with { After = id }, null)
            : (null, EventStreamProblems.Invalid("after", NotIssued));
    }

    private static WireForm? ReadForm(HttpRequest request) => request.Query["format"].ToString() switch
    {
        "" or "raw" => WireForm.RawSse,
        "cloudevents" => WireForm.CloudEventsSse,
        "html" => WireForm.HtmlSse,
        _ => null,
    };

    public const string NotIssued =
        "This log did not issue that id. Leave 'after' out to begin with what comes next, or send it as Last-Event-ID to be told of the gap.";
}
