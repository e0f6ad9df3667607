using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>Who is on a topic: section <c>Streams:Presence</c>.</summary>
public sealed class PresenceOptions : IValidatableObject
{
    /// <summary>15 seconds: longer than a phone needs to change its network, short enough that a list is not a lie.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(15);

    /// <summary>20 topics: rooms of a person's open pages.</summary>
    public const int DefaultTopicsPerSession = 20;

    /// <summary>60 a minute: a person who walks through rooms.</summary>
    public const int DefaultAnnouncementsPerMinute = 60;

    /// <summary>600 a minute: an office that comes in the morning is there within a minute or two.</summary>
    public const int DefaultAnnouncementsPerMinutePerAddress = 600;

    /// <summary>Topics on which one session is present, on one server; on further ones it only looks on. Zero means no limit.</summary>
    /// <value>Default 20.</value>
    [Range(0, 100_000)]
    public int TopicsPerSession { get; set; } = DefaultTopicsPerSession;

    /// <summary>
    /// Joins of one session that are announced in a minute, on one server; a burst of as many is free, further ones wait. Zero means no
    /// limit.
    /// </summary>
    /// <value>Default 60.</value>
    [Range(0, 1_000_000)]
    public int AnnouncementsPerMinute { get; set; } = DefaultAnnouncementsPerMinute;

    /// <summary>
    /// The same, of one address (64 bits of IPv6). Strangers behind it, and those who are known, have as many each.
    /// </summary>
    /// <value>Default 600.</value>
    [Range(0, 1_000_000)]
    public int AnnouncementsPerMinutePerAddress { get; set; } = DefaultAnnouncementsPerMinutePerAddress;

    /// <summary>Filters of the topics for which it is kept who is there; on others nobody is counted.</summary>
    /// <value>Default none.</value>
    public IList<string> Topics { get; } = [];

    /// <summary>Filters of those topics on which <c>presence.join</c> and <c>presence.leave</c> are published as events.</summary>
    /// <value>Default none.</value>
    public IList<string> Announce { get; } = [];

    /// <summary>
    /// How long a session that vanished still counts as present, 1 second to 10 minutes; one that comes back within has never
    /// left. So long it also takes until those of a server that died are gone.
    /// </summary>
    /// <value>Default 15 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Grace { get; set; } = DefaultGrace;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var text in Topics.Concat(Announce))
        {
            if (!TopicFilter.TryParse(text, out _, out var error))
                yield return new ValidationResult($"Streams:Presence: '{text}': {error}", [nameof(Topics), nameof(Announce)]);
        }
    }
}
