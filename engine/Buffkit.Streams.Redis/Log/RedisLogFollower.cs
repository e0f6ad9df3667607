using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// The one reader of the stream on this server: blocks for what comes, goes on after any interruption where it stood, and
/// finds out whether the stream is still the one that it knew.
/// </summary>
internal sealed class RedisLogFollower(
    RedisClient redis,
    RedisKeys keys,
    RedisLogReader reader,
    RedisSeen seen,
    RedisAvailability availability,
    RedisLogTrimmer trimmer,
    RedisMemory memory,
    TimeProvider time,
    RedisPosition start,
    Action<FormatException> unreadable)
{
    // As the memory log: large enough that the cost of a page vanishes. Halved where a page does not come through in time.
    private const int MaxEntries = 256;

    private RedisEntry _last = new(start, 0);
    private int _entries = MaxEntries;
    private bool _isSure = true;
    private bool _isBroken;
    private bool _hasFailed;
    private Backoff _backoff = RedisBackoff.Begin();

    /// <summary>Waits for what comes next; what it returns may be empty.</summary>
    public async Task<IReadOnlyList<LogRead>> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            // It may be another one since, or the same after a time as a replica.
            if (_hasFailed)
                await redis.Topology.FindPrimaryAsync(cancellationToken).ConfigureAwait(false);
            // Asked first after a failure, on the connection that does not block: reads that wait on one that hangs would pile up.
            if (_isBroken || !(_isSure || await reader.IsStillAsync(_last, seen.Newest, cancellationToken).ConfigureAwait(false)))
                await BeginAgainAsync(cancellationToken).ConfigureAwait(false);
            _isSure = true;
            await trimmer.TrimIfDueAsync(redis.Commands, cancellationToken).ConfigureAwait(false);
            await memory.LookIfDueAsync(redis.Commands, cancellationToken).ConfigureAwait(false);

            var entries = await ReadAsync(cancellationToken).ConfigureAwait(false);
            availability.Answered();
            _backoff.Reset();
            _hasFailed = false;
            _entries = Math.Min(MaxEntries, _entries * 2);
            // A quiet stream may be an emptied one.
            _isSure = entries.Length > 0;
            return Take(entries);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: this is the server's only reader, and comes back from it.
            availability.Failed(e);
            (_isSure, _hasFailed) = (false, true);
            _entries = Math.Max(1, _entries / 2);
            await Task.Delay(_backoff.Next(), time, cancellationToken).ConfigureAwait(false);
            return [];
        }
    }

    private List<LogRead> Take(StreamEntry[] entries)
    {
        if (entries.Length == 0)
            return [];
        var page = new RedisLogPage(_last, entries, unreadable);
        (_last, _isBroken) = (page.Last, page.IsBroken);
        seen.Add(_last);
        return page.Reads;
    }

    // What this stream still holds of the epoch is not what was read before; its next epoch is where this reader goes on.
    private async Task BeginAgainAsync(CancellationToken cancellationToken)
    {
        var newest = await reader.BeginEpochAsync(_last.Position.Epoch, cancellationToken).ConfigureAwait(false);
        // An epoch that this server's own appends have seen, and the stream has lost with them, must not be begun twice.
        if (newest.Position < seen.Newest.Position)
            await reader.BeginEpochAsync(seen.Newest.Position.Epoch, cancellationToken).ConfigureAwait(false);
        _last = new RedisEntry(_last.Position with { Sequence = long.MaxValue }, 0);
        _isBroken = false;
    }

    private async Task<StreamEntry[]> ReadAsync(CancellationToken cancellationToken)
    {
        var database = await redis.GetBlockingAsync(cancellationToken).ConfigureAwait(false);
        object[] arguments =
        [
            "COUNT", _entries, "BLOCK", (int)RedisClient.Block.TotalMilliseconds, "STREAMS", keys.Log, _last.Position.ToString(),
        ];
        var answer = await database.ExecuteAsync("XREAD", arguments, RedisClient.Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (answer.IsNull)
            return [];
        // [[key, entries]] in RESP2; a map of key to entries in RESP3, which reads as [key, entries].
        var entries = answer.Length == 1 ? answer[0][1] : answer[1];
        var read = new StreamEntry[entries.Length];
        for (var i = 0; i < read.Length; i++)
            read[i] = new StreamEntry((RedisValue)entries[i][0], Fields(entries[i][1]));
        return read;
    }

    private static NameValueEntry[] Fields(RedisResult texts)
    {
        var fields = new NameValueEntry[texts.Length / 2];
        for (var i = 0; i < fields.Length; i++)
            fields[i] = new NameValueEntry((RedisValue)texts[2 * i], (RedisValue)texts[(2 * i) + 1]);
        return fields;
    }
}
