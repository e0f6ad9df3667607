namespace Buffkit.Streams;

/// <summary>A subscriber that is let in.</summary>
/// <param name="Filters">What it asks for.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="Caller">Whose it is.</param>
/// <param name="Retry">When its client comes back after a cut.</param>
internal sealed record Subscription(IReadOnlyList<TopicFilter> Filters, StartingPoint Start, ConnectionCaller Caller, TimeSpan Retry);
