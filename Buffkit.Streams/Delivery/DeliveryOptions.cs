using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How events reach a connection: section <c>Streams:Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>1 MiB: about two seconds of a phone's mobile network.</summary>
    public const int DefaultMaxPendingBytes = 1024 * 1024;

    /// <summary>64 KiB: what Kestrel buffers for a response before it waits for the client.</summary>
    public const int DefaultMaxBatchBytes = 64 * 1024;

    /// <summary>30 seconds: a phone that changes networks is back within a few; after that the connection is dead.</summary>
    public static readonly TimeSpan DefaultWriteTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of events that may wait for one connection before it falls back to its cursor, 4 KiB to 1 GiB.</summary>
    /// <value>Default 1 MiB.</value>
    [Range(4_096, 1024 * 1024 * 1024)]
    public int MaxPendingBytes { get; set; } = DefaultMaxPendingBytes;

    /// <summary>Bytes that are gathered for one write, 1 KiB to 16 MiB; one larger event still goes out whole.</summary>
    /// <value>Default 64 KiB.</value>
    [Range(1_024, 16 * 1024 * 1024)]
    public int MaxBatchBytes { get; set; } = DefaultMaxBatchBytes;

    /// <summary>How long one write may wait for the client before the connection is cut, 1 second to 1 hour.</summary>
    /// <value>Default 30 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan WriteTimeout { get; set; } = DefaultWriteTimeout;
}
