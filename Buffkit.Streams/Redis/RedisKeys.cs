using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>The names of the log's keys. The braces put them into one slot of a Redis Cluster, as a script needs them.</summary>
internal sealed class RedisKeys(RedisOptions options)
{
    private readonly string _prefix = $"{{{options.KeyPrefix}}}";

    public RedisKey Log => $"{_prefix}:log";

    public RedisKey Idempotency(string key) => $"{_prefix}:idempotency:{key}";
}
