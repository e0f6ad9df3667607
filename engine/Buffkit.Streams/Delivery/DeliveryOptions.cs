using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How events reach a connection: section <c>Streams:Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>1 MiB: about two seconds of a phone's mobile network.</summary>
    public const int DefaultMaxPendingBytes = 1024 * 1024;

    /// <summary>64 KiB: what Kestrel buffers for a response before it waits for the client.</summary>
    public const int DefaultMaxBatchBytes = 64 * 1024;

    /// <summary>5 milliseconds: nobody sees it, and at full speed it turns hundreds of writes into one.</summary>
    public static readonly TimeSpan DefaultBatchDelay = TimeSpan.FromMilliseconds(5);

    /// <summary>One second: a burst that a client takes within it is no fault of the client.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(1);

    /// <summary>30 seconds: a phone that changes networks is back within a few; after that the connection is dead.</summary>
    public static readonly TimeSpan DefaultWriteTimeout = TimeSpan.FromSeconds(30);

    /// <summary>30 seconds: long enough for a crowded network to clear.</summary>
    public static readonly TimeSpan DefaultDisconnectRetry = TimeSpan.FromSeconds(30);

    /// <summary>One hour: servers that were added get their share soon, and nobody notices a cut that loses nothing.</summary>
    public static readonly TimeSpan DefaultMaxAge = TimeSpan.FromHours(1);

    /// <summary>What happens to a connection that does not keep up.</summary>
    /// <value>Default <see cref="DeliveryPolicy.CatchUp"/>.</value>
    [EnumDataType(typeof(DeliveryPolicy))]
    public DeliveryPolicy Policy { get; set; } = DeliveryPolicy.CatchUp;

    /// <summary>How long a connection may be behind before its <see cref="Policy"/> applies, 0 to 1 hour.</summary>
    /// <value>Default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Patience { get; set; } = DefaultPatience;

    /// <summary>Bytes of events that may wait for one connection before it falls back to its cursor, 4 KiB to 1 GiB.</summary>
    /// <value>Default 1 MiB.</value>
    [Range(4_096, 1024 * 1024 * 1024)]
    public int MaxPendingBytes { get; set; } = DefaultMaxPendingBytes;

    /// <summary>Bytes that are gathered for one write, 1 KiB to 16 MiB; one larger event still goes out whole.</summary>
    /// <value>Default 64 KiB.</value>
    [Range(1_024, 16 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = DefaultMaxBatchBytes;

    /// <summary>
    /// How long after a write the next one waits for more to gather, 0 (never) to 1 second. An event for a connection that was
    /// quiet for this long goes out at once. Where thousands of connections are written together it grows with their number,
    /// up to 100 milliseconds, so that sending leaves half of the processors free.
    /// </summary>
    /// <value>Default 5 milliseconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan BatchDelay { get; set; } = DefaultBatchDelay;

    /// <summary>How long one write may wait for the client before the connection is cut, 1 second to 1 hour.</summary>
    /// <value>Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan WriteTimeout { get; set; } = DefaultWriteTimeout;

    /// <summary>
    /// How long a stream lasts at most, up to 365 days; 0 is for ever. It ends between three quarters of that and all of it,
    /// with <c>stream.close</c>, reason <c>rotate</c>, and the client comes back with its cursor: so new servers get their share, and a
    /// stolen session is found out within that time.
    /// </summary>
    /// <value>Default 1 hour.</value>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan MaxAge { get; set; } = DefaultMaxAge;

    /// <summary>When a client that <see cref="DeliveryPolicy.Disconnect"/> closed may come back, 1 second to 1 hour.</summary>
    /// <value>Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DisconnectRetry { get; set; } = DefaultDisconnectRetry;

    /// <summary>When a stream that begins now ends, so that those that began together do not end together.</summary>
    internal TimeSpan DrawAge() => MaxAge * (0.75 + (Random.Shared.NextDouble() / 4));
}
