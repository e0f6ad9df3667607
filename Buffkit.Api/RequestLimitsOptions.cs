using System.ComponentModel.DataAnnotations;

namespace Buffkit.Api;

/// <summary>
/// What one caller may ask of the application's own endpoints: section <c>RequestLimits</c>. Zero means no limit; a burst of a minute's
/// calls is free. Streams have limits of their own.
/// </summary>
public sealed class RequestLimitsOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "RequestLimits";

    /// <summary>3,000 a minute: a page that asks fifty times a second is broken.</summary>
    public const int DefaultReadsPerMinute = 3_000;

    /// <summary>600 a minute: ten a second, far more than a person's.</summary>
    public const int DefaultWritesPerMinute = 600;

    /// <summary>30,000 a minute: ten busy pages, or an office of quiet ones, behind one address.</summary>
    public const int DefaultReadsPerMinutePerAddress = 30_000;

    /// <summary>6,000 a minute, likewise.</summary>
    public const int DefaultWritesPerMinutePerAddress = 6_000;

    /// <summary>Calls of one user that read, in a minute, on one server.</summary>
    /// <value>Default 3,000.</value>
    [Range(0, 10_000_000)]
    public int ReadsPerMinute { get; set; } = DefaultReadsPerMinute;

    /// <summary>Calls of one user that write, in a minute, on one server.</summary>
    /// <value>Default 600.</value>
    [Range(0, 10_000_000)]
    public int WritesPerMinute { get; set; } = DefaultWritesPerMinute;

    /// <summary>Calls that read of all who are not known, from one address (64 bits of IPv6), in a minute, on one server.</summary>
    /// <value>Default 30,000.</value>
    [Range(0, 10_000_000)]
    public int ReadsPerMinutePerAddress { get; set; } = DefaultReadsPerMinutePerAddress;

    /// <summary>Calls that write of all who are not known, from one address (64 bits of IPv6), in a minute, on one server.</summary>
    /// <value>Default 6,000.</value>
    [Range(0, 10_000_000)]
    public int WritesPerMinutePerAddress { get; set; } = DefaultWritesPerMinutePerAddress;
}
