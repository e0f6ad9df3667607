namespace Buffkit.Client;

/// <summary>How a stream began.</summary>
/// <param name="Transport">Over what it comes.</param>
/// <param name="Recovered">The cursor was good, and all that followed it comes now. <see langword="false"/> where there was none, or the server does not say.</param>
/// <param name="Session">The session's public id, which opens nothing.</param>
/// <param name="Epoch">The log's present life.</param>
/// <param name="Latest">The stream's own cursor.</param>
public sealed record StreamOpened(EventStreamTransport Transport, bool Recovered, string? Session, string? Epoch, string? Latest);

/// <summary>The stream is up to date.</summary>
/// <param name="Replayed">How many events came before.</param>
/// <param name="Latest">The last of them, or where the stream began.</param>
public sealed record StreamLive(long Replayed, string? Latest);

/// <summary>Events that could not be delivered: what follows <paramref name="After"/> and comes before <paramref name="Next"/>.</summary>
/// <param name="After">The last event before the gap, where there is one.</param>
/// <param name="Next">Where delivery goes on.</param>
/// <param name="Reason"><c>evicted</c>, <c>epoch</c>, <c>unknown</c> or <c>limit</c>.</param>
public sealed record StreamGap(string? After, string? Next, string? Reason);

/// <summary>The state of a subscription's connection.</summary>
public enum ConnectionStatus
{
    /// <summary>A connection is being made.</summary>
    Connecting,

    /// <summary>The stream is open.</summary>
    Open,

    /// <summary>There is no connection, and the next one waits.</summary>
    Waiting,

    /// <summary>The subscription is over.</summary>
    Closed,
}

/// <summary>The state of a subscription's connection, and why it is so.</summary>
/// <param name="Status">The state.</param>
/// <param name="Transport">The transport that is used or tried.</param>
/// <param name="Reason">Why, in words, where there is something to say.</param>
/// <param name="RetryIn">How long the next connect waits, where it does.</param>
public sealed record ConnectionState(ConnectionStatus Status, EventStreamTransport Transport, string? Reason = null, TimeSpan? RetryIn = null);
