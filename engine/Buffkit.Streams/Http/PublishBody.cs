using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>What a publish call's body said.</summary>
/// <param name="Drafts">The events; none where there is a problem.</param>
/// <param name="IsArray">The body was an array, so the answer is one.</param>
/// <param name="Problem">What is wrong.</param>
internal readonly record struct PublishBody(IReadOnlyList<EventDraft> Drafts, bool IsArray, IResult? Problem)
{
    public static PublishBody Wrong(string field, string error) => new([], false, EventStreamProblems.Invalid(field, error));

    /// <summary>The array is longer than a call may be.</summary>
    public static PublishBody TooMany(int count, LimitsOptions limits) => Wrong(
        "body", $"The array has {count} events; at most {limits.EventsPerPublish} are allowed (Streams:Limits:EventsPerPublish).");
}
