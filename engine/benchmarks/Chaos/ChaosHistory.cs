using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>One thing that a client was given: an event, or word of a gap.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Text">The event's payload.</param>
/// <param name="Gap">Why events are missing here, where this is a gap.</param>
internal sealed record ChaosEntry(EventId Id, string Type, string Text, string? Gap = null);

/// <summary>An event that the log said it holds.</summary>
/// <param name="Id">The id it was given.</param>
/// <param name="Text">What it says; no other event says the same.</param>
internal sealed record ChaosAccepted(EventId Id, string Text);

/// <summary>What was to happen in a round, by those who made it happen.</summary>
/// <param name="Accepted">All events that publishers were told of, those of one publisher in the order in which it published them.</param>
/// <param name="Orders">The numbers of all orders that there are.</param>
/// <param name="MayLose">A fault lost what the log had accepted, so that a new epoch and word of it are right.</param>
internal sealed record ChaosTruth(IReadOnlyList<ChaosAccepted> Accepted, IReadOnlySet<long> Orders, bool MayLose)
{
    /// <summary>The same for who has missed the rounds before.</summary>
    public ChaosTruth After(IReadOnlyList<ChaosPast> missed) => missed.Count == 0 ? this : new ChaosTruth(
        [.. missed.SelectMany(past => past.Truth.Accepted), .. Accepted],
        missed.SelectMany(past => past.Truth.Orders).Concat(Orders).ToHashSet(),
        MayLose || missed.Any(past => past.Truth.MayLose));
}

/// <summary>A round that is over.</summary>
/// <param name="Begin">The last event before it.</param>
/// <param name="Truth">What happened in it.</param>
internal sealed record ChaosPast(EventId Begin, ChaosTruth Truth);
