namespace Microsoft.AspNetCore.Builder;

/// <summary>Which endpoints <c>MapEventStreams</c> maps; all of them, unless one is left out.</summary>
public sealed class EventStreamEndpoints
{
    /// <summary><c>GET</c>: the stream, and the long poll.</summary>
    /// <value>Default true.</value>
    public bool Subscribe { get; set; } = true;

    /// <summary><c>GET /ws</c>: the stream over a WebSocket.</summary>
    /// <value>Default true.</value>
    public bool WebSocket { get; set; } = true;

    /// <summary><c>POST</c>: publishing over HTTP. Without it only the application's own code publishes.</summary>
    /// <value>Default true.</value>
    public bool Publish { get; set; } = true;

    /// <summary><c>POST</c>, <c>GET</c> and <c>DELETE /session</c>: logging in to a session, listing and ending them.</summary>
    /// <value>Default true.</value>
    public bool Sessions { get; set; } = true;

    /// <summary><c>GET /keys</c>: the keys of encrypted topics.</summary>
    /// <value>Default true.</value>
    public bool Keys { get; set; } = true;

    /// <summary><c>GET /presence</c>: who is on a topic.</summary>
    /// <value>Default true.</value>
    public bool Presence { get; set; } = true;
}
