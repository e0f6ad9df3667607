using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>The names of the log's keys. The braces put them into one slot of a Redis Cluster, as a script needs them.</summary>
internal sealed class RedisKeys(RedisOptions options)
{
    private readonly string _prefix = $"{{{options.KeyPrefix}}}";

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
