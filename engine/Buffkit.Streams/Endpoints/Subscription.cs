namespace Buffkit.Streams;

/// <summary>A subscriber that is let in: what it asked for, where it begins, and whose session it is.</summary>
internal sealed record Subscription(SubscribeRequest Request, StartingPoint Start, Session Session);
