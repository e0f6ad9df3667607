using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Whether the login may do what the servers do: Redis says it of each command and key, and nothing is carried out.</summary>
internal static class RedisRights
{
    /// <summary>Answers which of the commands are refused; nothing where Redis cannot say so, as before version 7.</summary>
    private const string Ask =
        """
        if not redis.acl_check_cmd then return nil end
        local refused = {}
        for i = 1, #ARGV do
          local command = {}
          for part in string.gmatch(ARGV[i], '%S+') do command[#command + 1] = part end
          local known, may = pcall(redis.acl_check_cmd, unpack(command))
          if known and not may then refused[#refused + 1] = ARGV[i] end
        end
        return refused
        """;

    /// <summary>What docs/scaling.md gives a login, beside the keys and channels of its system.</summary>
    internal const string Rights = "+@read +@write +@pubsub +@scripting +@transaction +@connection +time -@dangerous +info";

    /// <summary>A few say what is missing.</summary>
    private const int Named = 5;

    public static async Task<HealthCheckResult> LookAsync(RedisDoctor redis)
    {
        RedisResult answer;
        try
        {
            answer = await redis.ScriptAsync(Ask, [.. Needed(redis.Keys).Select(command => (RedisValue)command)]).ConfigureAwait(false);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOPERM", StringComparison.Ordinal))
        {
            return Finding.Failed("The login may not run scripts (EVAL, EVALSHA), by which every event is appended.", ToDo(redis.Keys), e);
        }

        if (answer.IsNull)
            return Finding.Ok("This Redis does not say what a login may do (7.0 and later do). Scripts run.");
        string[] refused = [.. ((string[])answer!).Distinct(StringComparer.Ordinal)];
        return refused.Length == 0
            ? Finding.Ok("The login may do all that the servers do.")
            : Finding.Failed(
                $"The login may not: {string.Join("; ", refused.Take(Named))}{(refused.Length > Named ? $"; and {refused.Length - Named} more" : "")}.", ToDo(redis.Keys));
    }

    private static string ToDo(RedisKeys keys) =>
        $"Grant it: ACL SETUSER … {keys.Pattern} {keys.ChannelPattern} {Rights}.";

    /// <summary>What the scripts and stores do, each with a key that it does it to.</summary>
    private static IEnumerable<string> Needed(RedisKeys keys)
    {
        var log = (string)keys.Log!;
        string[] hashes = [$"{keys.Lost}", $"{keys.Idempotency("x")}", $"{keys.Producer("x")}", $"{keys.Subject("x")}", $"{keys.Connections("x")}", $"{keys.EventKeys}"];
        string[] sets = [$"{keys.PresenceTopics}", $"{keys.PresencePrefix}x", $"{keys.Servers}"];
        foreach (var stream in (string[])[log, $"{keys.Thinned}"])
        {
            yield return $"XADD {stream} * f v";
            yield return $"XLEN {stream}";
            yield return $"XRANGE {stream} - +";
            yield return $"XREVRANGE {stream} + -";
            yield return $"XTRIM {stream} MAXLEN 1";
            yield return $"DEL {stream}";
        }

        yield return $"XREAD STREAMS {log} 0";
        foreach (var hash in hashes)
        {
            foreach (var command in (string[])["HGETALL {0}", "HGET {0} f", "HMGET {0} f", "HEXISTS {0} f", "HKEYS {0}", "HLEN {0}", "HSET {0} f v", "HSETNX {0} f v", "HDEL {0} f", "PEXPIRE {0} 1"])
                yield return command.Replace("{0}", hash, StringComparison.Ordinal);
        }

        foreach (var set in sets)
        {
            foreach (var command in (string[])["ZADD {0} 1 m", "ZCOUNT {0} 0 1", "ZRANGE {0} 0 -1", "ZRANGEBYSCORE {0} 0 1", "ZREM {0} m", "ZREMRANGEBYSCORE {0} 0 1"])
                yield return command.Replace("{0}", set, StringComparison.Ordinal);
        }

        yield return $"GET {keys.FingerprintKey}";
        yield return $"SET {keys.FingerprintKey} v";
        yield return $"LRANGE {keys.DataProtectionKeys} 0 -1";
        yield return $"RPUSH {keys.DataProtectionKeys} v";
        yield return $"PUBLISH {keys.SessionChanges} m";
        yield return $"SUBSCRIBE {keys.SessionChanges}";
        yield return "EVALSHA 0 0";
        yield return "SCRIPT LOAD 0";
        yield return "TIME";
        yield return "PING";
        // By which the client library finds the primary.
        yield return "INFO replication";
    }
}
