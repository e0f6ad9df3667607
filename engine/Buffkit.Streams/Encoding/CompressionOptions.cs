using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>Compression of streams for clients that accept gzip: section <c>Streams:Compression</c>.</summary>
public sealed class CompressionOptions : IValidatableObject
{
    /// <summary>512 bytes: a smaller event hardly shrinks on its own.</summary>
    public const int DefaultMinimumBytes = 512;

    /// <summary>Whether gzip is used where the client accepts it.</summary>
    /// <value>Default <see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Frames smaller than this travel as they are, 0 to 1 MiB.</summary>
    /// <value>Default 512 bytes.</value>
    [Range(0, 1024 * 1024)]
    public int MinimumBytes { get; set; } = DefaultMinimumBytes;

    /// <summary>
    /// Topic filters whose events are never compressed, because they hold a secret beside text that an attacker may choose:
    /// from the compressed length one can guess the other (BREACH).
    /// </summary>
    /// <value>Default none.</value>
    public IList<string> ExcludedTopics { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TopicFilters.Validate(ExcludedTopics, "Streams:Compression:ExcludedTopics", nameof(ExcludedTopics));
}
