using System.Globalization;
using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>What to look at in Redis.</summary>
internal static class RedisChecks
{
    public const string Reached = "redis";

    private const string HowToWrite = "Write it as StackExchange.Redis does: host:6379,user=…,password=…,ssl=true. A comma cannot be part of a password there.";

    /// <summary>The oldest that docs/scaling.md names.</summary>
    private static readonly System.Version Oldest = new(6, 2);

    /// <summary>From here on there is time to act before publishing is refused.</summary>
    private const double Crowded = 0.9;

    /// <summary>Machines that keep time are closer. The log's times are Redis's, leases and ends of sessions the servers'.</summary>
    private static readonly TimeSpan ToleratedDifference = TimeSpan.FromSeconds(2);

    /// <summary>Beyond the grace of a replaced session token (30 seconds) tokens are judged wrongly.</summary>
    private static readonly TimeSpan HarmfulDifference = TimeSpan.FromSeconds(30);

    public static IReadOnlyList<(string Name, Func<RedisDoctor, Task<HealthCheckResult>> Look)> All { get; } =
    [
        (Reached, ReachedAsync),
        ("redis version", VersionAsync),
        ("redis eviction", EvictionAsync),
        ("redis memory", MemoryAsync),
        ("redis persistence", PersistenceAsync),
        ("redis rights", RedisRights.LookAsync),
        ("redis clock", ClockAsync),
        ("redis transport", redis => Task.FromResult(Transport(redis.Options))),
    ];

    private static async Task<HealthCheckResult> ReachedAsync(RedisDoctor redis)
    {
        ConfigurationOptions options;
        try
        {
            options = redis.Options;
        }
        catch (ArgumentException)
        {
            // Its message repeats what it could not read, a password perhaps.
            return Finding.Failed("ConnectionStrings:redis cannot be read: it has an option that the library does not know.", HowToWrite);
        }

        // Of a URI, or of a password with a comma, the library makes servers, whose names hold the password.
        if (options.EndPoints.Any(server => Text(server).AsSpan().IndexOfAny("/@= ") >= 0 && server is DnsEndPoint) || options.EndPoints.Count == 0)
            return Finding.Failed("ConnectionStrings:redis cannot be read: what should be servers are no host:port.", HowToWrite);

        var servers = string.Join(", ", options.EndPoints.Select(Text));
        try
        {
            return await redis.PrimaryAsync().ConfigureAwait(false) is { } primary
                ? Finding.Ok($"The primary is {Text(primary.EndPoint)}{(options.User is { } user ? $", the login {user}" : "")}.")
                : Finding.Failed(
                    $"Of {servers} none is a primary: nothing can be published.",
                    "Promote a replica (REPLICAOF NO ONE, or SENTINEL FAILOVER), or name the primary in ConnectionStrings:redis too.");
        }
        catch (RedisException e) when (e.Message.Contains("authentication", StringComparison.OrdinalIgnoreCase)
            || e.ToString().Contains("NOAUTH", StringComparison.Ordinal) || e.ToString().Contains("WRONGPASS", StringComparison.Ordinal))
        {
            return Finding.Failed($"Redis at {servers} refuses the login.", "Correct user and password in ConnectionStrings:redis.", e);
        }
        catch (RedisException e)
        {
            return Finding.Failed(
                $"Redis at {servers} does not answer.",
                "Bring it back, or correct ConnectionStrings:redis. Clients stay connected meanwhile, publishers get 503, and servers come back by themselves.",
                e);
        }
    }

    private static async Task<HealthCheckResult> VersionAsync(RedisDoctor redis) => Version(await redis.InfoAsync("server").ConfigureAwait(false));

    internal static HealthCheckResult Version(IReadOnlyDictionary<string, string> info)
    {
        var text = info.GetValueOrDefault("redis_version", "");
        // Valkey says the version of Redis that it is compatible with, and its own.
        var name = info.GetValueOrDefault("valkey_version") is { } valkey ? $"Valkey {valkey} (as Redis {text})" : $"Redis {text}";
        return System.Version.TryParse(text, out var version) && version < Oldest
            ? Finding.Failed($"{name} is older than {Oldest}, the oldest that is supported.", $"Upgrade to Redis {Oldest} or later, or Valkey.")
            : Finding.Ok($"{name}.");
    }

    private static async Task<HealthCheckResult> EvictionAsync(RedisDoctor redis) => Eviction(await redis.InfoAsync("memory").ConfigureAwait(false));

    internal static HealthCheckResult Eviction(IReadOnlyDictionary<string, string> info)
    {
        var policy = info.GetValueOrDefault("maxmemory_policy") ?? "";
        return policy switch
        {
            // Redis Enterprise, as Azure Managed Redis is, has fields of its own.
            "" => Finding.Warning("This Redis does not say its maxmemory-policy.", "See in its provider's portal that the eviction policy is noeviction: with another the whole log may go when memory is short."),
            "noeviction" => Finding.Ok("maxmemory-policy noeviction: what was accepted stays."),
            _ when policy.StartsWith("volatile-", StringComparison.Ordinal) => Finding.Warning(
                $"maxmemory-policy {policy}: the log stays, but idempotency keys and ends of sessions may go early when memory is short.",
                "Set maxmemory-policy noeviction."),
            _ => Finding.Failed(
                $"maxmemory-policy {policy}: when memory is short the whole log may go, with events that were accepted.",
                "Set maxmemory-policy noeviction, at once (redis-cli CONFIG SET maxmemory-policy noeviction), and in its configuration for the next start."),
        };
    }

    private static async Task<HealthCheckResult> MemoryAsync(RedisDoctor redis) => Memory(await redis.InfoAsync("memory").ConfigureAwait(false));

    internal static HealthCheckResult Memory(IReadOnlyDictionary<string, string> info)
    {
        if (!info.ContainsKey("maxmemory"))
            return Finding.Ok($"This Redis does not say how much memory it may take; {Mebibytes(Number(info, "used_memory"))} are used. Its provider's portal does.");
        var (most, used, machine) = (Number(info, "maxmemory"), Number(info, "used_memory"), Number(info, "total_system_memory"));
        if (most == 0)
        {
            return Finding.Warning(
                $"maxmemory is not set; {Mebibytes(used)} are used{(machine > 0 ? $" of the machine's {Mebibytes(machine)}" : "")}. A log that grows ends with the process being killed.",
                "Set maxmemory below what the machine or the container has, with room for snapshots; a full Redis then refuses, and forgets nothing.");
        }

        var found = $"{Mebibytes(used)} of {Mebibytes(most)} (maxmemory) are used.";
        const string ToDo = "Raise maxmemory, or lower Streams:Log:MaxEvents or MaxAge, by which servers trim every minute.";
        return used >= most ? Finding.Failed($"{found} It is full: publishing is refused.", ToDo)
            : used >= most * Crowded ? Finding.Warning(found, ToDo)
            : Finding.Ok(found);
    }

    private static async Task<HealthCheckResult> PersistenceAsync(RedisDoctor redis)
    {
        var info = await redis.InfoAsync("persistence").ConfigureAwait(false);
        // Those who run Redis for others hide their settings; what INFO says stays.
        var (sync, save) = (await redis.SettingAsync("appendfsync").ConfigureAwait(false), await redis.SettingAsync("save").ConfigureAwait(false));
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (info.GetValueOrDefault("aof_last_write_status") == "err")
            wrong.Add((true, "The append-only file cannot be written, and writes are refused: look at the disk's room and rights, and at Redis's log."));
        if (info.GetValueOrDefault("rdb_last_bgsave_status") == "err")
            wrong.Add((true, "The last snapshot failed, and writes may be refused for it: look at the disk's room and rights, and at Redis's log."));

        if (info.GetValueOrDefault("aof_enabled") == "1")
        {
            if (sync == "no")
                wrong.Add((false, "Set appendfsync everysec, or always where even the last second matters: now a crash of the machine loses what the system had not written yet."));
            return Finding.Of($"appendonly yes{(sync is null ? "" : $", appendfsync {sync}")}.", wrong);
        }

        if (save is null)
        {
            wrong.Add((false, "See in its provider's portal that data is kept on disk, best by an append-only file: without it a crash loses events, and clients are told of a gap."));
            return Finding.Of("appendonly no; this Redis does not say whether it takes snapshots.", wrong);
        }

        if (save is { Length: 0 })
        {
            wrong.Add((true, "Set appendonly yes: when Redis ends all events go, and clients are told of a gap. Clients' states are loaded anew then."));
            return Finding.Of("Nothing is kept on disk (appendonly no, no snapshots).", wrong);
        }

        wrong.Add((false, "Set appendonly yes: a crash loses what came since the last snapshot, and clients are told of a gap."));
        return Finding.Of($"Snapshots alone (save {save}); {info.GetValueOrDefault("rdb_changes_since_last_save", "?")} changes since the last.", wrong);
    }

    private static async Task<HealthCheckResult> ClockAsync(RedisDoctor redis)
    {
        var (asked, began) = (redis.Time.GetUtcNow(), redis.Time.GetTimestamp());
        var answer = await redis.TimeAsync().ConfigureAwait(false);
        var travel = redis.Time.GetElapsedTime(began);
        var ahead = new DateTimeOffset(answer, TimeSpan.Zero) - (asked + (travel / 2));
        // The answer was given at some moment of its travel.
        var surely = ahead.Duration() - (travel / 2);
        if (surely <= ToleratedDifference)
            return Finding.Ok($"Redis's clock and this machine's agree within {Seconds(ahead.Duration() + (travel / 2))} s.");
        var found = $"Redis's clock is {Seconds(ahead.Duration())} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's.";
        const string ToDo = "Let both keep time by NTP (chrony, systemd-timesyncd): who is present, limits of connections and ends of sessions are misjudged.";
        return surely > HarmfulDifference ? Finding.Failed(found, ToDo) : Finding.Warning(found, ToDo);
    }

    internal static HealthCheckResult Transport(ConfigurationOptions options)
    {
        var elsewhere = options.EndPoints.Where(server => !IsThisMachine(server)).Select(Text).ToArray();
        if (elsewhere.Length == 0)
            return Finding.Ok("The connection does not leave this machine.");
        var wrong = new List<(bool IsFailure, string ToDo)>();
        if (!options.Ssl)
            wrong.Add((false, "Give Redis a certificate (tls-port) and set ssl=true in ConnectionStrings:redis: whoever is on the way reads events and the password."));
        if (string.IsNullOrEmpty(options.Password))
            wrong.Add((false, "Set a password (requirepass, or a user of its own by ACL SETUSER): whoever reaches Redis may read and publish everything."));
        return Finding.Of($"{string.Join(", ", elsewhere)}: {(options.Ssl ? "encrypted" : "not encrypted")}, {(string.IsNullOrEmpty(options.Password) ? "no password" : "with a password")}.", wrong);
    }

    private static bool IsThisMachine(EndPoint server) => server switch
    {
        IPEndPoint at => IPAddress.IsLoopback(at.Address),
        DnsEndPoint at => string.Equals(at.Host, "localhost", StringComparison.OrdinalIgnoreCase) || at.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase),
        // A socket in the file system.
        _ => true,
    };

    private static string Text(EndPoint? server) => server switch
    {
        DnsEndPoint at => $"{at.Host}:{at.Port}",
        null => "",
        _ => server.ToString()!,
    };

    private static long Number(IReadOnlyDictionary<string, string> info, string name) =>
        long.TryParse(info.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Mebibytes(long bytes) => $"{bytes / 1048576.0:0.#} MiB";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0##", CultureInfo.InvariantCulture);
}
