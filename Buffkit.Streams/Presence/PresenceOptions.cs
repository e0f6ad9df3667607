using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>Who is on a topic: section <c>Streams:Presence</c>.</summary>
public sealed class PresenceOptions : IValidatableObject
{
    /// <summary>15 seconds: longer than a phone needs to change its network, short enough that a list is not a lie.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(15);

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
