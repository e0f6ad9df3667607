using System.ComponentModel.DataAnnotations;

namespace Buffkit.Streams;

/// <summary>How the engine uses Redis where there is one: section <c>Streams:Redis</c>.</summary>
public sealed class RedisOptions
{
    /// <summary>Tells the engine's keys from others in the same Redis.</summary>
    public const string DefaultKeyPrefix = "events";

    /// <summary>
    /// Begins every key. Servers with the same prefix in the same Redis are nodes of one system; give each system its own.
    /// 1 to 64 of <c>[A-Za-z0-9._:-]</c>.
    /// </summary>
    /// <value>Default <c>events</c>.</value>
    [Required, RegularExpression("[A-Za-z0-9._:-]{1,64}")]
    public string KeyPrefix { get; set; } = DefaultKeyPrefix;
}
