using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// The counts of many servers. Each server writes its own number into a hash per key, never a difference, so that a lost
/// write mends itself. A server that does not say in time that it lives counts for nothing: its connections died with it.
/// </summary>
internal sealed partial class RedisConnectionCounts(
    RedisClient redis, RedisKeys keys, TimeProvider time, ILogger<RedisConnectionCounts> logger) : IConnectionCounts
{
    /// <summary>After so long without a word a server is dead.</summary>
    public static readonly TimeSpan NodeLifetime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Numbers are written again from time to time, for a Redis that was emptied, and expire when nobody does.
    private static readonly TimeSpan RewriteEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan NumberLifetime = TimeSpan.FromMinutes(20);

    private readonly string _node = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private HashSet<string> _changed = new(StringComparer.Ordinal);
    private volatile RedisValue[] _live = [];
    private volatile bool _away;

    public async ValueTask<bool> TryAddAsync(string key, int max, CancellationToken cancellationToken)
    {
        Task<RedisResult>? asked = null;
        lock (_gate)
        {
            var count = _counts.GetValueOrDefault(key) + 1;
            if (count > max)
                return false;
            _counts[key] = count;
            // Sent under the lock, so that numbers arrive in the order in which they were counted.
            if (!_away)
                asked = AskAsync(key, count, max);
        }

        try
        {
            if (asked is null || (bool)await asked.WaitAsync(Patience, cancellationToken).ConfigureAwait(false))
                return true;
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            // Counted here alone until it is back.
            SetAway(e);
            return true;
        }
        catch
        {
            Remove(key);
            throw;
        }

        Remove(key);
        return false;
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            if (_counts.TryGetValue(key, out var count) && count > 1)
                _counts[key] = count - 1;
            else
                _counts.Remove(key);
            _changed.Add(key);
        }
    }

    /// <summary>Says that this server lives, learns who else does, and writes the numbers that have changed.</summary>
    internal async Task BeatAsync(bool all, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await redis.AskAsync(
            database => database.SortedSetAddAsync(keys.Servers, _node, (now + NodeLifetime).ToUnixTimeMilliseconds(), flags: RedisClient.Primary),
            Patience,
            cancellationToken).ConfigureAwait(false);
        await redis.AskAsync(
            database => database.SortedSetRemoveRangeByScoreAsync(
                keys.Servers, double.NegativeInfinity, now.ToUnixTimeMilliseconds(), Exclude.Stop, RedisClient.Primary),
            Patience,
            cancellationToken).ConfigureAwait(false);
        _live = await redis.AskAsync(
            database => database.SortedSetRangeByRankAsync(keys.Servers, flags: RedisClient.Primary), Patience, cancellationToken).ConfigureAwait(false);
        var (changed, sent) = SendChanges(redis.Commands, all);
        try
        {
            await Task.WhenAll(sent).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Those of keys that nobody has open any more would else stand there for as long as this server lives.
            lock (_gate)
                _changed.UnionWith(changed);
            throw;
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var rewrittenAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(Beat, time);
        try
        {
            do
            {
                try
                {
                    var all = _away || time.GetElapsedTime(rewrittenAt) >= RewriteEvery;
                    await BeatAsync(all, cancellationToken).ConfigureAwait(false);
                    if (all)
                        rewrittenAt = time.GetTimestamp();
                    _away = false;
                }
                catch (Exception e) when (RedisClient.IsAway(e))
                {
                    SetAway(e);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The server stops; the others stop counting it when it is silent.
        }
    }

    // Async for the sake of what a client throws before it sends anything: the place that is counted has to be given back then too.
    private async Task<RedisResult> AskAsync(string key, int count, int max) =>
        await redis.Commands.ScriptEvaluateAsync(
            RedisScripts.AddConnection, [keys.Connections(key)], [_node, count, Now, Milliseconds(NumberLifetime), max, .. _live], RedisClient.Primary)
            .ConfigureAwait(false);

    private (HashSet<string> Changed, List<Task> Sent) SendChanges(IDatabase database, bool all)
    {
        var sent = new List<Task>();
        HashSet<string> changed;
        lock (_gate)
        {
            if (all)
                _changed.UnionWith(_counts.Keys);
            foreach (var key in _changed)
            {
                if (_counts.TryGetValue(key, out var count))
                {
                    sent.Add(database.HashSetAsync(keys.Connections(key), _node, $"{count}:{Now}", flags: RedisClient.Primary));
                    sent.Add(database.KeyExpireAsync(keys.Connections(key), NumberLifetime, flags: RedisClient.Primary));
                }
                else
                {
                    sent.Add(database.HashDeleteAsync(keys.Connections(key), _node, RedisClient.Primary));
                }
            }

            (changed, _changed) = (_changed, new HashSet<string>(StringComparer.Ordinal));
        }

        return (changed, sent);
    }

    private void SetAway(Exception e)
    {
        if (!_away)
            Log.Away(logger, e);
        _away = true;
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Redis does not answer: connections are counted by each server alone until it is back.")]
        public static partial void Away(ILogger logger, Exception exception);
    }
}
