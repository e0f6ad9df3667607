using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// The log of many servers: a Redis Stream. Its entry ids are the event ids, so every server delivers one order.
/// </summary>
/// <remarks>
/// The stream alone holds the truth: an entry's id is <c>{epoch}-{sequence}</c>, sequences have no holes, and a stream that ends
/// before what a server has seen of it has lost events. Its next events then begin a new epoch, so that no id ever names two.
/// </remarks>
internal sealed partial class RedisEventLog(
    RedisConnections redis,
    RedisKeys keys,
    RedisAvailability availability,
    LogOptions options,
    RedisOptions redisOptions,
    TimeProvider time,
    ILogger<RedisEventLog> logger) : IEventLog
{
    private readonly Lock _gate = new();
    private RedisPosition _oldest;
    private RedisPosition _latest;

    public LogState State
    {
        get
        {
            lock (_gate)
                return _latest == default ? default : new LogState(_oldest.Id, _latest.Id);
        }
    }

    public bool IsAvailable => availability.IsAvailable;

    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (names, arguments) = Append(request);
        RedisValue[] answer;
        try
        {
            var asked = redis.Commands.ScriptEvaluateAsync(RedisScripts.Append, names, arguments);
            answer = (RedisValue[])(await asked.WaitAsync(redisOptions.Timeout, time, cancellationToken).ConfigureAwait(false))!;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            availability.AppendFailed(e);
            return AppendResult.Unavailable;
        }

        availability.AppendSucceeded();
        if (answer[0] == "conflict")
            return new AppendResult(AppendStatus.KeyConflict, []);
        var first = new RedisPosition((long)answer[1], (long)answer[2]);
        var ids = new EventIdRange(first.Id, (int)answer[3]);
        if (answer[0] == "held")
            return new AppendResult(AppendStatus.AlreadyAppended, ids);
        Saw(first with { Sequence = first.Sequence + ids.Count - 1 });
        return new AppendResult(AppendStatus.Appended, ids);
    }

    public async ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await AskStateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            availability.Failed(e);
            return null;
        }
    }

    public async ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            return RedisPosition.Of(after) is { } position
                ? Bound(await AskPageAsync(position, maxEvents, cancellationToken).ConfigureAwait(false), maxBytes)
                : new LogRead(LogReadStatus.OtherEpoch, [], await AskStateAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            availability.Failed(e);
            return new LogRead(LogReadStatus.Unavailable, [], State);
        }
    }

    public async ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken)
    {
        var backoff = new RedisBackoff();
        while (true)
        {
            if (await ReadStateAsync(cancellationToken).ConfigureAwait(false) is { } state)
            {
                availability.Answered();
                return state.Before(newest);
            }

            await Task.Delay(backoff.Next(), time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async IAsyncEnumerable<LogRead> FollowAsync(EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = RedisPosition.Of(after) ?? throw new ArgumentException("This log did not issue that id.", nameof(after));
        var follower = new RedisLogFollower(redis, keys, availability, new RedisLogTrimmer(keys, options, time), time, start, Unreadable);
        while (true)
        {
            foreach (var read in await follower.NextAsync(cancellationToken).ConfigureAwait(false))
            {
                Saw(RedisPosition.Of(read.State.Latest)!.Value);
                yield return read;
            }
        }
    }

    private (RedisKey[] Keys, RedisValue[] Arguments) Append(AppendRequest request)
    {
        RedisPosition known;
        lock (_gate)
            known = _latest;
        var arguments = new List<RedisValue>(capacity: 6 + (request.Events.Count * 8))
        {
            known.Epoch,
            known.Sequence,
            options.MaxEvents,
            request.Idempotency?.Fingerprint ?? "",
            (long)options.IdempotencyLifetime.TotalMilliseconds,
            keys.Partition,
        };
        foreach (var draft in request.Events)
            RedisLogEntry.Write(draft, arguments);
        RedisKey[] names = request.Idempotency is { } idempotency ? [keys.Log, keys.Idempotency(idempotency.Key)] : [keys.Log];
        return (names, [.. arguments]);
    }

    private async Task<LogRead> AskPageAsync(RedisPosition after, int maxEvents, CancellationToken cancellationToken)
    {
        while (true)
        {
            var entries = await redis.Commands.StreamRangeAsync(keys.Log, $"({after}", "+", maxEvents)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            var read = RedisLogPage.Interpret(after, entries, Unreadable).FirstOrDefault();
            if (entries.Length > 0 && read.Status is LogReadStatus.Found)
                return read;

            var state = await AskStateAsync(cancellationToken).ConfigureAwait(false);
            if (entries.Length > 0)
                return read with { State = read.State with { Latest = state.Latest } };
            var latest = RedisPosition.Of(state.Latest)!.Value;
            if (latest.Epoch != after.Epoch)
                return new LogRead(LogReadStatus.OtherEpoch, [], state);
            if (latest <= after)
                return new LogRead(latest == after ? LogReadStatus.Found : LogReadStatus.Unknown, [], state);
            // Something was appended between the two questions.
        }
    }

    private static LogRead Bound(LogRead read, int maxBytes)
    {
        var (count, bytes) = (0, 0L);
        while (count < read.Events.Count && bytes < maxBytes)
            bytes += read.Events[count++].Size;
        return count == read.Events.Count ? read : read with { Events = [.. read.Events.Take(count)] };
    }

    private async Task<LogState> AskStateAsync(CancellationToken cancellationToken)
    {
        var oldest = redis.Commands.StreamRangeAsync(keys.Log, "-", "+", 1);
        var latest = redis.Commands.StreamRangeAsync(keys.Log, "-", "+", 1, Order.Descending);
        await Task.WhenAll(oldest, latest).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (latest.Result.Length == 0)
            return await BeginEpochAsync(cancellationToken).ConfigureAwait(false);

        var last = RedisPosition.Parse(latest.Result[0].Id);
        var first = oldest.Result.Length > 0 ? RedisPosition.Parse(oldest.Result[0].Id) : last;
        if (first.Epoch != last.Epoch)
        {
            // The stream still holds the end of an earlier epoch.
            var ofEpoch = await redis.Commands.StreamRangeAsync(keys.Log, $"{last.Epoch}-0", "+", 1)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
            first = ofEpoch.Length > 0 ? RedisPosition.Parse(ofEpoch[0].Id) : last;
        }

        return Saw(first.IsEpochMarker ? first.Next : first, last);
    }

    private async Task<LogState> BeginEpochAsync(CancellationToken cancellationToken)
    {
        long epoch;
        lock (_gate)
            epoch = _latest.Epoch;
        var began = await BeginEpochAsync(redis.Commands, keys, epoch, cancellationToken).ConfigureAwait(false);
        return Saw(began with { Sequence = 1 }, began);
    }

    /// <summary>Begins the epoch after one that lost events, unless somebody did.</summary>
    /// <returns>The newest position of the present epoch.</returns>
    internal static async Task<RedisPosition> BeginEpochAsync(
        IDatabase database, RedisKeys keys, long epoch, CancellationToken cancellationToken)
    {
        var answer = (RedisValue[])(await database.ScriptEvaluateAsync(RedisScripts.BeginEpoch, [keys.Log], [epoch, keys.Partition])
            .WaitAsync(cancellationToken).ConfigureAwait(false))!;
        return new RedisPosition((long)answer[0], (long)answer[1]);
    }

    private LogState Saw(RedisPosition oldest, RedisPosition latest)
    {
        lock (_gate)
        {
            if (latest >= _latest)
                (_oldest, _latest) = (oldest, latest);
        }

        return new LogState(oldest.Id, latest.Id);
    }

    private void Saw(RedisPosition latest)
    {
        lock (_gate)
        {
            if (latest <= _latest)
                return;
            if (latest.Epoch != _latest.Epoch)
                _oldest = latest with { Sequence = 1 };
            _latest = latest;
        }
    }

    private void Unreadable(FormatException e) => Log.Unreadable(logger, e);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An entry of the log cannot be read and is announced as a gap. Does something else write to its key?")]
        public static partial void Unreadable(ILogger logger, FormatException e);
    }
}
