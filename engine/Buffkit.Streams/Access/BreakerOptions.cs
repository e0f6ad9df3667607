using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>
/// The circuit breaker of a session whose streams fail again and again (closed as slow, cut, or over within a second):
/// section <c>Streams:Limits:Breaker</c>.
/// </summary>
public sealed class BreakerOptions
{
    /// <summary>Ten failures: a bad moment of a mobile network has fewer, and so has an impatient person who reloads.</summary>
    public const int DefaultFailures = 10;

    /// <summary>30 seconds: long enough to save the work, short enough for a client that has recovered.</summary>
    public static readonly TimeSpan DefaultOpenFor = TimeSpan.FromSeconds(30);

    /// <summary>Failures in a row after which the session is kept out, 0 (never) to 1,000.</summary>
    /// <value>Default 10.</value>
    [Range(0, 1_000)]
    public int Failures { get; set; } = DefaultFailures;

    /// <summary>
    /// How long, 1 second to 10 minutes. Then one stream is let in: if it lasts the session is as any other, else it is kept
    /// out for twice as long, up to 10 minutes.
    /// </summary>
    /// <value>Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan OpenFor { get; set; } = DefaultOpenFor;
}
