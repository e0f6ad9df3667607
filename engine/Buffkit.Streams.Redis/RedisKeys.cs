using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Every name that the engine uses in Redis. All begin with the system's own prefix.</summary>
internal sealed class RedisKeys(RedisOptions options)
{
    private readonly string _prefix = options.KeyPrefix;

    // The braces put these into one slot of a Redis Cluster, as a script that uses several of them needs them.
    private readonly string _slot = $"{{{options.KeyPrefix}}}";

    /// <summary>All keys, as an access control list writes them.</summary>
    public string Pattern => $"~{_slot}:* ~{_prefix}:*";

    /// <summary>All channels, likewise.</summary>
    public string ChannelPattern => $"&{_prefix}:*";

    public RedisKey Log => $"{_slot}:log";

    /// <summary>What is kept behind the log while a noisy topic is evicted.</summary>
    public RedisKey Thinned => $"{_slot}:log:thinned";

    /// <summary>Up to where which topics' events are lost there.</summary>
    public RedisKey Lost => $"{_slot}:log:lost";

    public RedisKey Idempotency(string key) => $"{_slot}:idempotency:{key}";

    /// <summary>The newest number of a producer, with its answer.</summary>
    public RedisKey Producer(string name) => $"{_slot}:producer:{name}";

    /// <summary>Topics on which somebody is present.</summary>
    public RedisKey PresenceTopics => $"{_slot}:presence";

    /// <summary>How the keys of members begin; the topic follows.</summary>
    public string PresencePrefix => $"{_slot}:presence:";

    public RedisKey Presence(Topic topic) => PresencePrefix + topic.Value;

    public RedisKey Session(SessionId session) => $"{_prefix}:session:{{{session}}}";

    /// <summary>The sessions of a subject, by a hash of its name.</summary>
    public RedisKey Subject(string hash) => $"{_prefix}:subject:{{{hash}}}";

    /// <summary>Where servers tell each other which sessions have changed.</summary>
    public RedisChannel SessionChanges => RedisChannel.Literal($"{_prefix}:sessions:changes");

    /// <summary>The servers that live, by the time until which they do.</summary>
    public RedisKey Servers => $"{_prefix}:connections:servers";

    /// <summary>How many connections each server has open under a session or an address.</summary>
    public RedisKey Connections(string key) => $"{_prefix}:connections:{{{key}}}";

    /// <summary>The keys of encrypted events.</summary>
    public RedisKey EventKeys => $"{_prefix}:event-keys";

    /// <summary>The secret of fingerprints of requests that publish to encrypted topics.</summary>
    public RedisKey FingerprintKey => $"{_prefix}:fingerprint-key";

    public RedisKey DataProtectionKeys => $"{_prefix}:data-protection-keys";
}
