using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Redis;

/// <summary>How the engine uses Redis where there is one: section <c>Streams:Redis</c>.</summary>
public sealed class RedisOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Streams:Redis";

    /// <summary>Tells the engine's keys from others in the same Redis.</summary>
    public const string DefaultKeyPrefix = "events";

    /// <summary>Five seconds: a short interruption passes unnoticed, a publisher does not wait long.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Begins every key. Servers with the same prefix in the same Redis are nodes of one system; give each system its own.
    /// 1 to 64 of <c>[A-Za-z0-9._:-]</c>.
    /// </summary>
    /// <value>Default <c>events</c>.</value>
    [Required, RegularExpression("[A-Za-z0-9._:-]{1,64}")]
    public string KeyPrefix { get; set; } = DefaultKeyPrefix;

    /// <summary>How long publishing and reading wait for Redis, 100 milliseconds to 1 minute; publishing then answers <c>503</c>.</summary>
    /// <value>Default 5 seconds.</value>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; set; } = DefaultTimeout;
}

[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;
