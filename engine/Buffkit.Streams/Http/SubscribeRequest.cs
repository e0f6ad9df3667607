using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>What a subscriber asks for, read from a request that is hostile until parsed.</summary>
internal sealed record SubscribeRequest
{
    private const string LastEventIdHeader = "Last-Event-ID";

    // What polyfills of EventSource put into the query, where they cannot set the header, and what Mercure does.
    private static readonly string[] LastEventIdMembers = ["lastEventId", LastEventIdHeader];

    private static readonly string[] Members = ["topic", "after", "since", .. LastEventIdMembers, "format", "heartbeat", "wait"];

    private SubscribeRequest(IReadOnlyList<TopicFilter> filters) => Filters = filters;

    public IReadOnlyList<TopicFilter> Filters { get; }

    /// <summary>How events are written on an event stream: <c>?format=</c>.</summary>
    public WireForm Form { get; private init; } = WireForm.RawSse;

    /// <summary>Heartbeats are events that a page's script can see: <c>?heartbeat=event</c>.</summary>
    public bool HeartbeatEvents { get; private init; }

    /// <summary>The cursor; nothing for a client that begins now, or whose <see cref="LastEventId"/> is no id.</summary>
    public EventId? After { get; private init; }

    /// <summary>All that is retained is wanted: <c>?after=earliest</c>.</summary>
    public bool FromEarliest { get; private init; }

    /// <summary>All that was taken at or after a time is wanted: <c>?since=</c>.</summary>
    public DateTimeOffset? Since { get; private init; }

    /// <summary>The header, or what stands for it, as it came; a browser cannot be refused for what stands in it.</summary>
    public string? LastEventId { get; private init; }

    /// <summary>Where the client begins.</summary>
    public WantedStart Start => new(LastEventId ?? After?.ToString(), After, FromEarliest, Since);

    /// <summary>Reads the request.</summary>
    /// <returns>The request, or what is wrong with it.</returns>
    public static (SubscribeRequest? Request, IResult? Problem) Read(HttpRequest request, LimitsOptions limits)
    {
        if (QueryMembers.Check(request, Members) is { } wrong)
            return (null, wrong);
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
            if (limits.WildcardsPerFilter > 0 && filter.Wildcards > limits.WildcardsPerFilter)
            {
                return (null, EventStreamProblems.Invalid(
                    "topic", $"'{filter}' has {filter.Wildcards} segments '*'; at most {limits.WildcardsPerFilter} are allowed. '**' at the end stands for the rest."));
            }

            filters.Add(filter);
        }

        if (ReadForm(request) is not { } form)
            return (null, EventStreamProblems.Invalid("format", "The formats are raw, cloudevents and html."));
        if (request.Query["heartbeat"].ToString() is not ("" or "comment" or "event") and var heartbeat)
            return (null, EventStreamProblems.Invalid("heartbeat", $"Heartbeats are sent as event or as comment, not as '{heartbeat}'."));
        return new SubscribeRequest(filters) { Form = form, HeartbeatEvents = request.Query["heartbeat"] == "event" }.WithCursor(request);
    }

    /// <summary>Whether a member of the query says where to begin; a link to what follows has its own.</summary>
    public static bool IsCursor(string member) =>
        member.Equals("after", StringComparison.OrdinalIgnoreCase) || member.Equals("since", StringComparison.OrdinalIgnoreCase)
        || LastEventIdMembers.Contains(member, StringComparer.OrdinalIgnoreCase);

    private (SubscribeRequest? Request, IResult? Problem) WithCursor(HttpRequest request)
    {
        if (ReadLastEventId(request) is { } last)
            return (this with { LastEventId = last, After = EventId.TryParse(last, out var parsed) ? parsed : null }, null);
        if (!request.Query.TryGetValue("after", out var after))
            return WithSince(request);
        if (after == "earliest")
            return (this with { FromEarliest = true }, null);
        return EventId.TryParse(after.ToString(), out var id)
            ? (this with { After = id }, null)
            : (null, EventStreamProblems.Invalid("after", "This is no event id. Leave 'after' out to begin with what comes next, or say 'earliest' for all that is retained."));
    }

    private (SubscribeRequest? Request, IResult? Problem) WithSince(HttpRequest request)
    {
        if (!request.Query.TryGetValue("since", out var since))
            return (this, null);
        return Rfc3339.TryRead(since.ToString(), out var text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? (this with { Since = time }, null)
            : (null, EventStreamProblems.Invalid(
                "since", "This is no time. Write it as RFC 3339 says, such as 2026-01-01T00:00:00Z; '+' in a query is written %2B."));
    }

    private static string? ReadLastEventId(HttpRequest request)
    {
        var header = request.Headers[LastEventIdHeader].ToString();
        if (header.Length > 0)
            return header;
        foreach (var name in LastEventIdMembers)
        {
            // Where a client appends its newest to a URL that has one, the last counts.
            if (request.Query[name] is [.., { Length: > 0 } newest])
                return newest;
        }

        return null;
    }

    private static WireForm? ReadForm(HttpRequest request) => request.Query["format"].ToString() switch
    {
        "" or "raw" => WireForm.RawSse,
        "cloudevents" => WireForm.CloudEventsSse,
        "html" => WireForm.HtmlSse,
        _ => null,
    };
}
