using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>The newest part of the log that each server keeps in memory: section <c>Streams:Tail</c>.</summary>
public sealed class TailOptions
{
    /// <summary>8,192 events: a minute at 136 events a second, at most a few MiB of small events.</summary>
    public const int DefaultCapacity = 8_192;

    /// <summary>64 MiB: bounds a tail of large events.</summary>
    public const long DefaultMaxBytes = 64L * 1024 * 1024;

    /// <summary>Events in the tail, 16 to 4,194,304; rounded up to a power of two.</summary>
    /// <value>Default 8,192.</value>
    [Range(16, 4_194_304)]
    public int Capacity { get; set; } = DefaultCapacity;

    /// <summary>Bytes of events in the tail, at least 64 KiB; the oldest leave first.</summary>
    /// <value>Default 64 MiB.</value>
    [Range(65_536, long.MaxValue)]
    public long MaxBytes { get; set; } = DefaultMaxBytes;
}
