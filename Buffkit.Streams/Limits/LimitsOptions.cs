using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>What one client may ask for: section <c>Streams:Limits</c>. Zero means no limit.</summary>
public sealed class LimitsOptions
{
    /// <summary>64 KiB: an event is news, not a document; larger things travel as a link.</summary>
    public const int DefaultEventBytes = 64 * 1024;

    /// <summary>100 topics: more is a filter that is missing.</summary>
    public const int DefaultTopicsPerConnection = 100;

    /// <summary>1,000 events: a publish call that is answered in milliseconds.</summary>
    public const int DefaultEventsPerPublish = 1_000;

    /// <summary>4 MiB: bounds what a publish call can make the server hold before it is even read.</summary>
    public const int DefaultBodyBytes = 4 * 1024 * 1024;

    /// <summary>Bytes of an event's payload.</summary>
    /// <value>Default 64 KiB.</value>
    [Range(0, 64 * 1024 * 1024)]
    public int EventBytes { get; set; } = DefaultEventBytes;

    /// <summary>Topic filters of one connection.</summary>
    /// <value>Default 100.</value>
    [Range(0, 100_000)]
    public int TopicsPerConnection { get; set; } = DefaultTopicsPerConnection;

    /// <summary>Events of one publish call.</summary>
    /// <value>Default 1,000.</value>
    [Range(0, 1_000_000)]
    public int EventsPerPublish { get; set; } = DefaultEventsPerPublish;

    /// <summary>Bytes of one publish call's body.</summary>
    /// <value>Default 4 MiB.</value>
    [Range(0, 1024 * 1024 * 1024)]
    public int BodyBytes { get; set; } = DefaultBodyBytes;
}
