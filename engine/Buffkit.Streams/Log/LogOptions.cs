using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How much of the log is retained: section <c>Streams:Log</c>.</summary>
public sealed class LogOptions
{
    /// <summary>65,536 events: an hour at 18 events a second.</summary>
    public const int DefaultMaxEvents = 65_536;

    /// <summary>128 MiB: what a small container can spare for a memory log.</summary>
    public const long DefaultMaxBytes = 128L * 1024 * 1024;

    /// <summary>A day: a phone that comes back after a night has lost nothing.</summary>
    public static readonly TimeSpan DefaultMaxAge = TimeSpan.FromDays(1);

    /// <summary>A quarter: a topic that floods the log leaves three quarters of what it retains to the others.</summary>
    public const double DefaultTopicShare = 0.25;

    /// <summary>One hour: longer than any publisher goes on retrying.</summary>
    public static readonly TimeSpan DefaultIdempotencyLifetime = TimeSpan.FromHours(1);

    /// <summary>65,536 keys: an hour at 18 requests a second.</summary>
    public const int DefaultMaxIdempotencyKeys = 65_536;

    /// <summary>How long an idempotency key is remembered, 1 second to 7 days.</summary>
    /// <value>Default one hour.</value>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan IdempotencyLifetime { get; set; } = DefaultIdempotencyLifetime;

    /// <summary>Idempotency keys that a memory log remembers, 16 to 16,777,216; when there are more, the oldest goes early.</summary>
    /// <value>Default 65,536.</value>
    [Range(16, 16_777_216)]
    public int MaxIdempotencyKeys { get; set; } = DefaultMaxIdempotencyKeys;

    /// <summary>Events that the log retains, at least 16.</summary>
    /// <value>Default 65,536.</value>
    [Range(16, 16_777_216)]
    public int MaxEvents { get; set; } = DefaultMaxEvents;

    /// <summary>Bytes of events that a memory log retains, at least 64 KiB.</summary>
    /// <value>Default 128 MiB.</value>
    [Range(65_536, long.MaxValue)]
    public long MaxBytes { get; set; } = DefaultMaxBytes;

    /// <summary>
    /// The share of what is retained that one topic may take at the cost of others, 0 to 1; those with the same first two segments
    /// count as one. Beyond it a topic's own oldest events are evicted before those of others. 0 and 1 evict the oldest, whosever
    /// they are.
    /// </summary>
    /// <value>Default 0.25.</value>
    [Range(0.0, 1.0)]
    public double TopicShare { get; set; } = DefaultTopicShare;

    /// <summary>How long an event is retained; zero means as long as there is room.</summary>
    /// <value>Default one day.</value>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan MaxAge { get; set; } = DefaultMaxAge;
}
