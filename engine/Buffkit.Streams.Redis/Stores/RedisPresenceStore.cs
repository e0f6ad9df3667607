using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>The members of all servers: a sorted set per topic, by the end of their lease.</summary>
internal sealed class RedisPresenceStore(RedisClient redis, RedisKeys keys, PresenceOptions options) : IPresenceStore
{
    // A script holds up everybody else for as long as it runs.
    private const int MembersPerScript = 500;

    public async ValueTask<PresenceChanges?> RenewAsync(IReadOnlyList<PresenceMember> present, CancellationToken cancellationToken)
    {
        var (joined, left) = (new HashSet<PresenceMember>(), new HashSet<PresenceMember>());
        try
        {
            foreach (var some in present.Chunk(MembersPerScript).DefaultIfEmpty([]))
            {
                var answer = await redis.Commands
                    .ScriptEvaluateAsync(RedisScripts.RenewPresence, [keys.PresenceTopics], [.. Arguments(some)], RedisClient.Primary)
                    .WaitAsync(cancellationToken).ConfigureAwait(false);
                Add(answer[0], joined);
                Add(answer[1], left);
            }
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            // What was renewed before stands, and nobody else is told of it; better told than lost.
            return joined.Count + left.Count > 0 ? Changes(joined, left) : null;
        }

        return Changes(joined, left);
    }

    // A server that was slow finds its own members gone, and back.
    private static PresenceChanges Changes(HashSet<PresenceMember> joined, HashSet<PresenceMember> left)
    {
        var neither = joined.Intersect(left).ToArray();
        joined.ExceptWith(neither);
        left.ExceptWith(neither);
        return new PresenceChanges([.. joined], [.. left]);
    }

    public async ValueTask<PresenceList?> ReadAsync(Topic topic, int maxSessions, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await redis.Commands
                .ScriptEvaluateAsync(RedisScripts.ReadPresence, [keys.Presence(topic)], [maxSessions], RedisClient.Primary)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            string[] sessions = [.. ((string[])answer[1]!).Order(StringComparer.Ordinal)];
            return new PresenceList(topic.Value, (long)answer[0], sessions);
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            return null;
        }
    }

    private IEnumerable<RedisValue> Arguments(PresenceMember[] members)
    {
        yield return (long)options.Grace.TotalMilliseconds;
        yield return keys.PresencePrefix;
        foreach (var (topic, session) in members)
        {
            yield return topic.Value;
            yield return session;
        }
    }

    private static void Add(RedisResult pairs, HashSet<PresenceMember> members)
    {
        var texts = (string[])pairs!;
        for (var i = 0; i + 1 < texts.Length; i += 2)
            members.Add(new PresenceMember(Topic.Parse(texts[i]), texts[i + 1]));
    }
}
