using System.Globalization;
using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The names of a partition's keys. The braces put them into one slot of a Redis Cluster, as a script needs them, and those of
/// each partition into another.
/// </summary>
/// <remarks>The first partition's are the same whether there are more or not, so that a log can grow.</remarks>
internal sealed class RedisKeys(RedisOptions options, int partition = 0)
{
    private readonly string _prefix = partition == 0
        ? $"{{{options.KeyPrefix}}}"
        : string.Create(CultureInfo.InvariantCulture, $"{{{options.KeyPrefix}:{partition}}}");

    public int Partition => partition;

    public RedisKey Log => $"{_prefix}:log";

    /// <summary>What is kept behind the log while a noisy topic is evicted.</summary>
    public RedisKey Thinned => $"{_prefix}:log:thinned";

    /// <summary>Up to where which topics' events are lost there.</summary>
    public RedisKey Lost => $"{_prefix}:log:lost";

    /// <summary>Topics on which somebody is present.</summary>
    public RedisKey PresenceTopics => $"{_prefix}:presence";

    /// <summary>How the keys of members begin; the topic follows.</summary>
    public string PresencePrefix => $"{_prefix}:presence:";

    public RedisKey Presence(Topic topic) => PresencePrefix + topic.Value;

    public RedisKey Idempotency(string key) => $"{_prefix}:idempotency:{key}";
}
