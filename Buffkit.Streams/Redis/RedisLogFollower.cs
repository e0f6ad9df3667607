using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The one reader of the stream on this server: blocks for what comes, goes on after any interruption where it stood, and
/// finds out whether the stream is still the one that it knew.
/// </summary>
internal sealed class RedisLogFollower(
    RedisConnections redis,
    RedisKeys keys,
    RedisAvailability availability,
    RedisLogTrimmer trimmer,
    TimeProvider time,
    RedisPosition start,
    Action<FormatException> unreadable)
{
    // As the memory log: large enough that the cost of a page vanishes.
    private const int Page = 256;

    private RedisPosition _position = start;
    private long _stamp;
    private bool _isSure = true;
    private RedisBackoff _backoff;

    /// <summary>Waits for what comes next; what it returns may be empty.</summary>
    public async Task<IReadOnlyList<LogRead>> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Asked first after a failure, on the connection that does not block: reads that wait on one that hangs would pile up.
            if (!_isSure && !await IsSameStreamAsync(cancellationToken).ConfigureAwait(false))
                return await BeginAgainAsync(cancellationToken).ConfigureAwait(false);
            _isSure = true;
            await trimmer.TrimIfDueAsync(redis.Commands, cancellationToken).ConfigureAwait(false);

            var entries = await ReadAsync(cancellationToken).ConfigureAwait(false);
            availability.Answered();
            _backoff.Reset();
            // A quiet stream may be an emptied one.
            _isSure = entries.Length > 0;
            return Take(entries);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            availability.Failed(e);
            _isSure = false;
            await Task.Delay(_backoff.Next(), time, cancellationToken).ConfigureAwait(false);
            return [];
        }
    }

    private List<LogRead> Take(StreamEntry[] entries)
    {
        List<LogRead> reads = [.. RedisLogPage.Interpret(_position, entries, unreadable)];
        if (entries.Length > 0)
            (_position, _stamp) = (RedisPosition.Parse(entries[^1].Id), RedisLogEntry.Stamp(entries[^1].Values));
        return reads;
    }

    private async Task<StreamEntry[]> ReadAsync(CancellationToken cancellationToken)
    {
        var database = await redis.GetBlockingAsync(keys.Partition, cancellationToken).ConfigureAwait(false);
        var answer = await database
            .ExecuteAsync("XREAD", "COUNT", Page, "BLOCK", (int)RedisConnections.Block.TotalMilliseconds, "STREAMS", keys.Log, _position.ToString())
            .WaitAsync(cancellationToken).ConfigureAwait(false);
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

    // The entry at the position is the one that was read there, or the stream has been trimmed beyond it. Otherwise the stream
    // was emptied, or went back to an earlier state (a crash before its last writes reached the disk, a fail-over to a replica
    // that had not got them) and may even have given out the same ids again.
    private async Task<bool> IsSameStreamAsync(CancellationToken cancellationToken)
    {
        var here = redis.Commands.StreamRangeAsync(keys.Log, _position.ToString(), _position.ToString(), 1);
        var oldest = redis.Commands.StreamRangeAsync(keys.Log, "-", "+", 1);
        await Task.WhenAll(here, oldest).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (here.Result is [var entry])
            return _stamp == 0 || RedisLogEntry.Stamp(entry.Values) == _stamp;
        return oldest.Result is [var first] && RedisPosition.Parse(first.Id) > _position;
    }

    private async Task<IReadOnlyList<LogRead>> BeginAgainAsync(CancellationToken cancellationToken)
    {
        var latest = await RedisEventLog.BeginEpochAsync(redis.Commands, keys, _position.Epoch, cancellationToken).ConfigureAwait(false);
        _position = latest with { Sequence = 0 };
        _stamp = 0;
        _isSure = true;
        return [new LogRead(LogReadStatus.OtherEpoch, [], new LogState(_position.Next.Id, _position.Id))];
    }
}
