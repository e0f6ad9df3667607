using System.Diagnostics;

namespace Buffkit.Streams;

/// <summary>The span of a publish, and how events come to carry it.</summary>
internal static class PublishSpan
{
    // More links than these nobody follows, and exporters cut them.
    private const int MostLinks = 32;

    /// <summary>Starts a span for events that are published together.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="drafts">The events. Where nothing else is going on, as in a relay, the trace of which all came is gone on with; several are linked.</param>
    /// <returns>The span; nothing where nobody listens.</returns>
    public static Activity? Start(string name, IReadOnlyList<EventDraft> drafts)
    {
        if (!StreamsActivities.Source.HasListeners())
            return null;
        var (parent, links) = Activity.Current is null ? Origins(drafts) : default;
        var span = StreamsActivities.Source.StartActivity(name, ActivityKind.Producer, parent, tags: null, links);
        if (span is not { IsAllDataRequested: true })
            return span;
        span.SetTag(StreamsActivities.SystemTag, StreamsActivities.System);
        span.SetTag(StreamsActivities.OperationTag, "send");
        span.SetTag(StreamsActivities.OperationNameTag, name);
        if (drafts.All(draft => draft.Topic == drafts[0].Topic))
            span.SetTag(StreamsActivities.DestinationTag, drafts[0].Topic.Value);
        if (drafts.Count > 1)
            span.SetTag(StreamsActivities.MessageCountTag, drafts.Count);
        return span;
    }

    /// <summary>Lets an event carry the present span, unless it has one already.</summary>
    public static EventDraft Mark(EventDraft draft) =>
        draft.TraceParent is null && StreamsActivities.TraceParent is { } trace ? draft with { TraceParent = trace } : draft;

    /// <summary>Notes what became of it.</summary>
    public static void End(Activity? span, AppendResult result)
    {
        if (span is not { IsAllDataRequested: true })
            return;
        if (result is { IsHeld: true, Ids: [var only] })
            span.SetTag(StreamsActivities.MessageIdTag, only.ToString());
        if (!result.IsHeld)
            Fail(span, result.Status.ToString());
    }

    /// <summary>Notes that it failed.</summary>
    public static void End(Activity? span, Exception e) => Fail(span, e.GetType().FullName);

    // What an exception says may have an address or a payload in it.
    private static void Fail(Activity? span, string? why)
    {
        span?.SetStatus(ActivityStatusCode.Error);
        span?.SetTag(StreamsActivities.ErrorTag, why);
    }

    private static (ActivityContext Parent, List<ActivityLink>? Links) Origins(IReadOnlyList<EventDraft> drafts)
    {
        var contexts = new List<ActivityContext>();
        var isOne = true;
        foreach (var draft in drafts)
        {
            if (!ActivityContext.TryParse(draft.TraceParent, null, isRemote: true, out var context))
            {
                isOne = false;
                continue;
            }

            isOne &= contexts.Count == 0 || contexts[0].TraceId == context.TraceId;
            if (contexts.Count < MostLinks && !contexts.Contains(context))
                contexts.Add(context);
        }

        return isOne ? (contexts[0], null) : (default, contexts.ConvertAll(context => new ActivityLink(context)));
    }
}
