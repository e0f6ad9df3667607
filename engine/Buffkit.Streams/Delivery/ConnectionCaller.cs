namespace Buffkit.Streams;

/// <summary>
/// Whose connection it is. Delivery never looks here, so it is kept apart: what each event touches of a connection is to lie close
/// together in memory.
/// </summary>
internal sealed class ConnectionCaller
{
    /// <summary>The session, for logs, and for who revokes it.</summary>
    public SessionId Session { get; init; }

    /// <summary>The trace of its request, for logs; nothing where there is none.</summary>
    public string? TraceId { get; init; }

    /// <inheritdoc cref="Streams.AddressPool"/>
    public string AddressPool { get; init; } = "";

    /// <summary>Whose session it is; nothing for nobody's.</summary>
    public string? Subject { get; init; }

    /// <summary>It was let in for credentials that came with the request, not for what the session keeps of them.</summary>
    public bool ShowedCredentials { get; init; }

    /// <summary>When the credentials were shown that it was let in for, or judged by since. Changed by the session watch alone.</summary>
    public DateTimeOffset CredentialsShown { get; set; }

    /// <summary>When the stream ends unless its session is authenticated anew. Changed by the session watch alone.</summary>
    public DateTimeOffset? AuthenticatedUntil { get; set; }

    /// <summary>Its client showed a token: the session is not new.</summary>
    public bool IsReturning { get; init; }

    /// <summary>What carries it.</summary>
    public StreamTransport Transport { get; init; }

    /// <summary>How it began, as far as is known then.</summary>
    public StreamOutcome Outcome { get; init; }

    /// <summary>Its client comes back by itself, and says where it was.</summary>
    public bool Resumes { get; init; }
}
