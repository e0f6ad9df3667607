using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>
/// HTML that callers publish: section <c>Streams:Html</c>. Pages that subscribe with <c>?format=html</c> put it into their document
/// as it is, so whoever may publish it runs script in them. Code that publishes through <see cref="EventPublisher"/> always may.
/// </summary>
public sealed class HtmlOptions : IValidatableObject
{
    /// <summary>Filters of the topics on which whoever may publish may publish <c>text/html</c> too.</summary>
    /// <value>Default none.</value>
    public IList<string> Topics { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TopicFilters.Validate(Topics, "Streams:Html:Topics", nameof(Topics));
}
