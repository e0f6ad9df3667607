using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>When a client comes back after a cut: section <c>Streams:Retry</c>. Drawn at random in the range, so that a crowd spreads out.</summary>
public sealed class RetryOptions : IValidatableObject
{
    /// <summary>One second: a user hardly notices.</summary>
    public static readonly TimeSpan DefaultMin = TimeSpan.FromSeconds(1);

    /// <summary>Five seconds: ten thousand clients return at two thousand a second.</summary>
    public static readonly TimeSpan DefaultMax = TimeSpan.FromSeconds(5);

    /// <summary>Soonest return, 0 to 1 hour.</summary>
    /// <value>Default 1 second.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Min { get; set; } = DefaultMin;

    /// <summary>Latest return, at least <see cref="Min"/>, up to 1 hour.</summary>
    /// <value>Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Max { get; set; } = DefaultMax;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Max < Min)
            yield return new ValidationResult("Streams:Retry:Max must not be less than Streams:Retry:Min.", [nameof(Max)]);
    }

    internal TimeSpan Draw() => Min + TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * (Max - Min).TotalMilliseconds);
}
