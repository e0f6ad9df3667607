using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>Pages of other origins that may use the endpoints: section <c>Streams:Cors</c>.</summary>
public sealed class StreamCorsOptions : IValidatableObject
{
    /// <summary>
    /// Origins such as <c>https://shop.example</c>, exactly as browsers send them. Their pages may call with the user's
    /// credentials, so list only what you trust as your own.
    /// </summary>
    /// <value>Default none.</value>
    public IList<string> Origins { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin || uri.Scheme is not ("http" or "https"))
            {
                yield return new ValidationResult(
                    $"Streams:Cors:Origins has '{origin}'; an origin is a scheme and a host, as in 'https://shop.example', without a path.", [nameof(Origins)]);
            }
        }
    }
}
