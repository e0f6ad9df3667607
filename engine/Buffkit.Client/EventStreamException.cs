using System.Net;

namespace Buffkit.Client;

/// <summary>The server refuses what is asked for, and asking again would not help; or publishing failed for good.</summary>
public sealed class EventStreamException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What is wrong, with what the server said.</param>
    /// <param name="statusCode">The answer's status.</param>
    /// <param name="innerException">What happened last.</param>
    public EventStreamException(string message, HttpStatusCode? statusCode = null, Exception? innerException = null)
        : base(message, innerException) => StatusCode = statusCode;

    /// <summary>The status of the answer, where there was one.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>
    /// The key by which a publish was tried. The log may hold its events all the same: the same events, published again with this key while the
    /// server knows it, are not doubled. Without credentials the key is the session's: then this holds for the same <see cref="EventStreamClient"/>.
    /// </summary>
    /// <value>Nothing for an exception of a subscription.</value>
    public string? IdempotencyKey { get; internal init; }
}
