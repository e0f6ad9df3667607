using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How a server that stops lets its clients go: section <c>Streams:Drain</c>.</summary>
public sealed class DrainOptions
{
    /// <summary>10 seconds: ten thousand clients reach the other servers at a thousand a second.</summary>
    public static readonly TimeSpan DefaultSpread = TimeSpan.FromSeconds(10);

    /// <summary>5 seconds: well within the 30 that a host gives its services by default.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Clients are told to come back within this time after <c>Retry:Min</c>, each at its own moment, 0 to 1 hour.</summary>
    /// <value>Default 10 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Spread { get; set; } = DefaultSpread;

    /// <summary>Connections that have not taken their last word by then are cut, 0 to 10 minutes.</summary>
    /// <value>Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Timeout { get; set; } = DefaultTimeout;
}
