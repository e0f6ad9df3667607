using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// The log of many servers: a Redis Stream. Its entry ids are the event ids, so every server delivers one order.
/// </summary>
/// <remarks>
/// The stream alone holds the truth: an entry's id is <c>{epoch}-{sequence}</c>, sequences have no holes, and each entry says when
/// the one before it was taken. A stream that ends before what a server has seen of it, or goes on otherwise, has lost events. Its
/// next ones then begin a new epoch, so that no id names two events.
/// </remarks>
internal sealed partial class RedisEventLog(
    RedisClient redis,
    RedisKeys keys,
    RedisAvailability availability,
    RedisMemory memory,
    LogOptions options,
    RedisOptions redisOptions,
    TimeProvider time,
    ILogger<RedisEventLog> logger) : IEventLog
{
    // What publishers may have under way in all: an outage of Redis must not become one of this server's memory.
    private const long MaxBytesUnderWay = 64L * 1024 * 1024;

    // Names, topic and the like of an event, roughly.
    private const int EventOverhead = 256;

    // How Redis begins the refusal of a write where maxmemory is reached; from within a script something may stand before it.
    private const string OutOfMemory = "OOM ";

    private readonly RedisSeen _seen = new();
    private readonly RedisLogReader _reader = new(redis, keys, redisOptions, time);
    private long _bytesUnderWay;

    public LogState State => _seen.State;

    public bool IsAvailable => availability.IsAvailable;

    public string? Problem => memory.Problem;

    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var bytes = request.Events.Sum(draft => EventOverhead + (long)draft.Data.Length);
        if (Interlocked.Add(ref _bytesUnderWay, bytes) > MaxBytesUnderWay)
        {
            Interlocked.Add(ref _bytesUnderWay, -bytes);
            return AppendResult.Unavailable;
        }

        try
        {
            var answer = await AskToAppendAsync(request, bytes)
                .WaitAsync(redisOptions.Timeout, time, cancellationToken).ConfigureAwait(false);
            availability.AppendSucceeded();
            memory.Answered(isFull: false);
            return Read(answer);
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            availability.AppendFailed(e);
            if (e.Message.Contains(OutOfMemory, StringComparison.Ordinal))
                memory.Answered(isFull: true);
            redis.Topology.Ask();
            return AppendResult.Unavailable;
        }
    }

    // Goes on when its publisher no longer waits: so long the client library holds the events.
    private async Task<RedisResult> AskToAppendAsync(AppendRequest request, long bytes)
    {
        try
        {
            await PrimaryIsThereAsync().ConfigureAwait(false);
            var (names, arguments) = Append(request);
            return await redis.Commands.ScriptEvaluateAsync(RedisScripts.Append, names, arguments, RedisClient.Primary).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Add(ref _bytesUnderWay, -bytes);
        }
    }

    // Not queued for a primary that is gone: when another takes over, what waits goes there.
    private async ValueTask PrimaryIsThereAsync()
    {
        var began = time.GetTimestamp();
        while (availability.IsAway)
        {
            try
            {
                await redis.Topology.FindPrimaryAsync(CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (RedisException) when (time.GetElapsedTime(began) < redisOptions.Timeout)
            {
                // A short interruption passes unnoticed.
            }
        }
    }

    public ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken) =>
        AskAsync<LogState?>(async () => await _reader.ReadStateAsync(_seen, cancellationToken).ConfigureAwait(false), () => null);

    public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        AskAsync(
            async () => RedisPosition.Of(after) is { } position
                ? await _reader.ReadPageAsync(position, maxEvents, maxBytes, _seen, Unreadable, cancellationToken).ConfigureAwait(false)
                : new LogRead(LogReadStatus.OtherEpoch, [], await _reader.ReadStateAsync(_seen, cancellationToken).ConfigureAwait(false)),
            () => new LogRead(LogReadStatus.Unavailable, [], State));

    public ValueTask<ThinnedRead?> ReadThinnedAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        AskAsync(
            async () => RedisPosition.Of(after) is { } position
                ? await _reader.ReadThinnedAsync(position, maxEvents, maxBytes, Unreadable, cancellationToken).ConfigureAwait(false)
                : null,
            () => null);

    public async ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken)
    {
        var backoff = RedisBackoff.Begin();
        while (true)
        {
            try
            {
                var state = await _reader.ReadStateAsync(_seen, cancellationToken).ConfigureAwait(false);
                availability.Answered();
                return state.Before(newest);
            }
            catch (Exception e) when (RedisClient.IsAway(e))
            {
                availability.Failed(e);
                redis.Topology.Ask();
            }

            await Task.Delay(backoff.Next(), time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<LogRead> FollowAsync(EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = RedisPosition.Of(after) ?? throw new ArgumentException("This log did not issue that id.", nameof(after));
        var trimmer = new RedisLogTrimmer(keys, options, time);
        var follower = new RedisLogFollower(redis, keys, _reader, _seen, availability, trimmer, memory, time, start, Unreadable);
        while (true)
        {
            foreach (var read in await follower.NextAsync(cancellationToken).ConfigureAwait(false))
                yield return read;
        }
    }

    // While Redis is away nobody waits for a time-out of their own: the follower finds out when it is back.
    private async ValueTask<T> AskAsync<T>(Func<Task<T>> ask, Func<T> unavailable)
    {
        if (availability.IsAway)
            return unavailable();
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            availability.Failed(e);
            redis.Topology.Ask();
            return unavailable();
        }
    }

    private (RedisKey[] Keys, RedisValue[] Arguments) Append(AppendRequest request)
    {
        var known = _seen.Newest;
        var arguments = new List<RedisValue>(capacity: 8 + (request.Events.Count * 8))
        {
            known.Position.Epoch,
            known.Position.Sequence,
            known.Stamp,
            options.MaxEvents,
            request.Idempotency?.Fingerprint ?? request.Producer?.Fingerprint ?? "",
            (long)options.IdempotencyLifetime.TotalMilliseconds,
            options.TopicShare,
            request.Producer is { } producer ? producer.Number : "",
        };
        foreach (var draft in request.Events)
            RedisLogEntry.Write(draft, arguments);
        RedisKey[] names = (request.Idempotency, request.Producer) switch
        {
            ({ } idempotency, _) => [keys.Log, keys.Thinned, keys.Lost, keys.Idempotency(idempotency.Key)],
            (_, { } numbered) => [keys.Log, keys.Thinned, keys.Lost, keys.Producer(numbered.Producer)],
            _ => [keys.Log, keys.Thinned, keys.Lost],
        };
        return (names, [.. arguments]);
    }

    private AppendResult Read(RedisResult answer)
    {
        var texts = (RedisValue[])answer!;
        if (texts[0] == "conflict")
            return new AppendResult(AppendStatus.KeyConflict, []);
        if (texts[0] == "overtaken")
            return new AppendResult(AppendStatus.Overtaken, []) { ProducerNumber = (long)texts[1] };
        var first = new RedisPosition((long)texts[1], (long)texts[2]);
        var ids = new EventIdRange(first.Id, (int)texts[3]);
        if (texts[0] == "held")
            return new AppendResult(AppendStatus.AlreadyAppended, ids);
        _seen.Add(new RedisEntry(first with { Sequence = first.Sequence + ids.Count - 1 }, (long)texts[4]));
        return new AppendResult(AppendStatus.Appended, ids);
    }

    private void Unreadable(FormatException e) => Log.Unreadable(logger, e);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An entry of the log cannot be read and is announced as a gap. Does something else write to its key?")]
        public static partial void Unreadable(ILogger logger, FormatException e);
    }
}
