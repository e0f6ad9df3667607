using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Sql;

/// <summary>How the outbox is emptied: section <c>Streams:Outbox</c>.</summary>
public sealed class OutboxOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Streams:Outbox";

    /// <summary>Half a second: what a watcher waits for an event of another server, where the database can wake nobody.</summary>
    public static readonly TimeSpan DefaultPollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Five seconds: longer than a busy database hesitates, and short enough that the next one goes on soon after a crash.</summary>
    public static readonly TimeSpan DefaultLease = TimeSpan.FromSeconds(5);

    /// <summary>500 events: the cost of a transaction vanishes, and none is long.</summary>
    public const int DefaultBatchEvents = 500;

    /// <summary>A minute: longer than any outage that passes unnoticed.</summary>
    public static readonly TimeSpan DefaultAlarmAfter = TimeSpan.FromMinutes(1);

    /// <summary>How often the relay looks, whether it was woken or not, 10 milliseconds to 1 minute.</summary>
    /// <value>Default 500 milliseconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.0100000", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = DefaultPollInterval;

    /// <summary>Most events that are published together, 1 to 10,000.</summary>
    /// <value>Default 500.</value>
    [Range(1, 10_000)]
    public int BatchEvents { get; set; } = DefaultBatchEvents;

    /// <summary>A server that has not been heard of for so long gives its turn to publish to another, 1 second to 5 minutes.</summary>
    /// <value>Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = DefaultLease;

    /// <summary>When an event has waited for so long, health says "degraded".</summary>
    /// <value>Default 1 minute.</value>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AlarmAfter { get; set; } = DefaultAlarmAfter;
}

[OptionsValidator]
internal sealed partial class OutboxOptionsValidator : IValidateOptions<OutboxOptions>;
