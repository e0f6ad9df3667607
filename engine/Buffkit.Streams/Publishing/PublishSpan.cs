using System.Diagnostics;

namespace Buffkit.Streams;

/// <summary>The span of a publish, and how events come to carry it.</summary>
internal static class PublishSpan
{
    // More links than these nobody follows, and exporters cut them.
    private const int MostLinks = 32;

    /// <summary>Starts a span for events that are published together.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="drafts">The events. Where nothing else is going on, as in a relay, the trace of the one they came from is gone on with; those of several are linked.</param>
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
        if (drafts.All(draft => draft.Topic == drafts[0].Topic))
            span.SetTag(StreamsActivities.DestinationTag, drafts[0].Topic.Value);
        if (drafts.Count > 1)
            span.SetTag(StreamsActivities.MessageCountTag, drafts.Count);
        return span;
    }

    /// <summary>Lets an event carry the present span, unless it has one already: that of the transaction that it tells of.</summary>
    public static EventDraft Mark(EventDraft draft) =>
        draft.TraceParent is null && StreamsActivities.TraceParent is { } trace ? draft with { TraceParent = trace } : draft;

    /// <summary>Notes what became of it.</summary>
    public static void End(Activity? span, AppendResult result)
    {
        if (span is not { IsAllDataRequested: true })
            return;
        if (result.IsHeld && result.Ids is [var only])
            span.SetTag(StreamsActivities.MessageIdTag, only.ToString());
        if (!result.IsHeld)
            span.SetStatus(ActivityStatusCode.Error, result.Status.ToString());
    }

    private static (ActivityContext Parent, List<ActivityLink>? Links) Origins(IReadOnlyList<EventDraft> drafts)
    {
        var contexts = new List<ActivityContext>();
        foreach (var draft in drafts)
        {
            if (contexts.Count < MostLinks && ActivityContext.TryParse(draft.TraceParent, null, isRemote: true, out var context) && !contexts.Contains(context))
                contexts.Add(context);
        }

        return contexts.Count > 0 && contexts.TrueForAll(context => context.TraceId == contexts[0].TraceId)
            ? (contexts[0], null)
            : (default, contexts.ConvertAll(context => new ActivityLink(context)));
    }
}
