namespace Buffkit.Client;

/// <summary>How a stream comes over the network.</summary>
public enum EventStreamTransport
{
    /// <summary>Server-Sent Events: one answer that does not end.</summary>
    ServerSentEvents,

    /// <summary>A WebSocket, for networks that hold back or cut event streams.</summary>
    WebSocket,

    /// <summary>One request after the other, each answered when there is something: it passes wherever HTTP does.</summary>
    LongPoll,
}
