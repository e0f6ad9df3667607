namespace Buffkit.Streams;

/// <summary>Events to append together.</summary>
/// <param name="Events">At least one.</param>
public readonly record struct AppendRequest(IReadOnlyList<EventDraft> Events);

/// <summary>What became of an append.</summary>
public enum AppendStatus
{
    /// <summary>The log holds the events.</summary>
    Appended,

    /// <summary>The log could not be reached or did not answer; whether it holds the events is unknown.</summary>
    Unavailable,
}

/// <summary>The answer to an append.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Ids">One id per event, in the order of the request; empty unless appended.</param>
public readonly record struct AppendResult(AppendStatus Status, IReadOnlyList<EventId> Ids)
{
    /// <summary>The answer of a log that is away.</summary>
    public static AppendResult Unavailable { get; } = new(AppendStatus.Unavailable, []);
}
