using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Encryption;

/// <summary>Encryption of events, in the log, in the history and on the wire: section <c>Streams:Encryption</c>.</summary>
public sealed class EncryptionOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Streams:Encryption";

    /// <summary>One day: what one key opens is a day's events of one topic.</summary>
    public static readonly TimeSpan DefaultKeyLifetime = TimeSpan.FromDays(1);

    /// <summary>30 days: longer than a log usually retains events.</summary>
    public static readonly TimeSpan DefaultKeepKeysFor = TimeSpan.FromDays(30);

    /// <summary>Beside the embedded database.</summary>
    public const string DefaultKeyFile = "data/event-keys.json";

    /// <summary>Filters of the topics whose events are encrypted.</summary>
    /// <value>Default none.</value>
    public IList<string> Topics { get; } = [];

    /// <summary>How long a key encrypts new events, 1 minute to 365 days.</summary>
    /// <value>Default one day.</value>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan KeyLifetime { get; set; } = DefaultKeyLifetime;

    /// <summary>
    /// How long a key is kept after its last event, 1 minute to 3,650 days; then those events are unreadable for ever. Not less
    /// than the log (<see cref="LogOptions.MaxAge"/>, which is checked) or the history retains them.
    /// </summary>
    /// <value>Default 30 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan KeepKeysFor { get; set; } = DefaultKeepKeysFor;

    /// <summary>The file of a server without Redis, relative to its content root. Its keys are protected by Data Protection.</summary>
    /// <value>Default <c>data/event-keys.json</c>.</value>
    [Required]
    public string KeyFile { get; set; } = DefaultKeyFile;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TopicFilters.Validate(Topics, "Streams:Encryption:Topics", nameof(Topics));
}

[OptionsValidator]
internal sealed partial class EncryptionOptionsValidator : IValidateOptions<EncryptionOptions>;

/// <summary>One text in the place of a list would be read as no list at all, and everything published in clear.</summary>
internal sealed class TopicsAreAList(IConfiguration configuration) : IValidateOptions<EncryptionOptions>
{
    public ValidateOptionsResult Validate(string? name, EncryptionOptions options) =>
        string.IsNullOrEmpty(configuration.GetSection(NoEncryption.TopicsKey).Value)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{NoEncryption.TopicsKey} is a list: write {NoEncryption.TopicsKey}:0 (environment: Streams__Encryption__Topics__0), and so on.");
}

/// <summary>Keys that go before the events that they open would lose those.</summary>
internal sealed class KeysOutliveEvents(IOptions<StreamsOptions> streams) : IValidateOptions<EncryptionOptions>
{
    public ValidateOptionsResult Validate(string? name, EncryptionOptions options) =>
        options.Topics.Count > 0 && options.KeepKeysFor < streams.Value.Log.MaxAge
            ? ValidateOptionsResult.Fail(
                $"Streams:Encryption:KeepKeysFor ({options.KeepKeysFor}) is shorter than Streams:Log:MaxAge ({streams.Value.Log.MaxAge}): events would outlive their keys.")
            : ValidateOptionsResult.Success;
}
