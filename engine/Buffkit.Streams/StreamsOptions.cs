using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>The configuration section <c>Streams</c>, one class per part; checked when the host starts.</summary>
public sealed class StreamsOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Streams";

    /// <summary>15 seconds: under the 30 to 60 after which common proxies cut an idle connection.</summary>
    public static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A comment is sent on a connection that was quiet for this long, 1 second to 1 hour.</summary>
    /// <value>Default 15 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Heartbeat { get; set; } = DefaultHeartbeat;

    /// <inheritdoc cref="RetryOptions"/>
    [Required, ValidateObjectMembers]
    public RetryOptions Retry { get; set; } = new();

    /// <inheritdoc cref="LogOptions"/>
    [Required, ValidateObjectMembers]
    public LogOptions Log { get; set; } = new();

    /// <inheritdoc cref="TailOptions"/>
    [Required, ValidateObjectMembers]
    public TailOptions Tail { get; set; } = new();

    /// <inheritdoc cref="DeliveryOptions"/>
    [Required, ValidateObjectMembers]
    public DeliveryOptions Delivery { get; set; } = new();

    /// <inheritdoc cref="DrainOptions"/>
    [Required, ValidateObjectMembers]
    public DrainOptions Drain { get; set; } = new();

    /// <inheritdoc cref="PresenceOptions"/>
    [Required, ValidateObjectMembers]
    public PresenceOptions Presence { get; set; } = new();

    /// <inheritdoc cref="CompressionOptions"/>
    [Required, ValidateObjectMembers]
    public CompressionOptions Compression { get; set; } = new();

    /// <inheritdoc cref="SessionsOptions"/>
    [Required, ValidateObjectMembers]
    public SessionsOptions Sessions { get; set; } = new();

    /// <inheritdoc cref="TopicAuthorizationOptions"/>
    [Required, ValidateObjectMembers]
    public TopicAuthorizationOptions Authorization { get; set; } = new();

    /// <inheritdoc cref="HtmlOptions"/>
    [Required, ValidateObjectMembers]
    public HtmlOptions Html { get; set; } = new();

    /// <inheritdoc cref="StreamCorsOptions"/>
    [Required, ValidateObjectMembers]
    public StreamCorsOptions Cors { get; set; } = new();

    /// <inheritdoc cref="ProxyOptions"/>
    [Required, ValidateObjectMembers]
    public ProxyOptions Proxies { get; set; } = new();

    /// <inheritdoc cref="LimitsOptions"/>
    [Required, ValidateObjectMembers]
    public LimitsOptions Limits { get; set; } = new();
}

[OptionsValidator]
internal sealed partial class StreamsOptionsValidator : IValidateOptions<StreamsOptions>;
