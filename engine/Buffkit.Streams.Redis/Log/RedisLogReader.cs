using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Asks the stream for pages and for where it stands. Fails where Redis does not answer in time.</summary>
/// <exception cref="RedisException">Redis refused or is away.</exception>
/// <exception cref="TimeoutException">Redis did not answer within <see cref="RedisOptions.Timeout"/>.</exception>
internal sealed class RedisLogReader(RedisClient redis, RedisKeys keys, RedisOptions options, TimeProvider time)
{
    // Of a page whose events may be large: first a few, then by their size as many as it holds.
    private const int FirstEntries = 16;

    // What an event of a thinned page is taken to have, when it is not known.
    private const int ThinnedBytes = 8 * 1024;

    // As the scripts write what is lost of the thinned stream.
    private const string LostFloor = "floor";
    private const string LostTopic = "topic:";

    /// <summary>Reads a page of what follows a cursor.</summary>
    public async Task<LogRead> ReadPageAsync(
        RedisPosition after, int maxEvents, int maxBytes, RedisSeen seen, Action<FormatException> unreadable, CancellationToken cancellationToken)
    {
        while (true)
        {
            var page = await ReadEventsAsync(after, maxEvents, maxBytes, unreadable, cancellationToken).ConfigureAwait(false);
            var read = page.Reads.FirstOrDefault();
            if (page.Reads.Count > 0 && read.Status is LogReadStatus.Found)
            {
                seen.Add(page.Last);
                return Bound(read, maxBytes);
            }

            var state = await ReadStateAsync(seen, cancellationToken).ConfigureAwait(false);
            if (page.Reads.Count > 0)
                return read with { State = read.State with { Latest = state.Latest } };
            var latest = RedisPosition.Of(state.Latest)!.Value;
            if (latest.Epoch != after.Epoch)
                return new LogRead(LogReadStatus.OtherEpoch, [], state);
            if (latest <= after)
                return new LogRead(latest == after ? LogReadStatus.Found : LogReadStatus.Unknown, [], state);
            // Something was appended between the two questions.
        }
    }

    /// <summary>Reads a page of the thinned stream behind the log.</summary>
    /// <returns><see langword="null"/> where it does not reach back to the cursor.</returns>
    public async Task<ThinnedRead?> ReadThinnedAsync(
        RedisPosition after, int maxEvents, int maxBytes, Action<FormatException> unreadable, CancellationToken cancellationToken)
    {
        var (first, last) = await ReadEndsAsync(cancellationToken).ConfigureAwait(false);
        if (first?.Position is not { } oldest || oldest.Epoch != after.Epoch || oldest <= after.Next)
            return null;
        // Events may be large, and what is not for the page is fetched in vain.
        var count = Math.Clamp(maxBytes / ThinnedBytes, 1, maxEvents);
        // What moves over meanwhile lies behind the oldest. What is lost is asked last: it is never less than it was.
        var entries = await InTimeAsync(
            redis.Commands.StreamRangeAsync(keys.Thinned, $"({after}", $"({oldest}", count, flags: RedisClient.Primary), cancellationToken).ConfigureAwait(false);
        var lost = await InTimeAsync(redis.Commands.HashGetAllAsync(keys.Lost, RedisClient.Primary), cancellationToken).ConfigureAwait(false);
        if (Array.Find(lost, field => field.Name == LostFloor) is not { Value.IsNull: false } floor || RedisPosition.Parse(floor.Value) > after)
            return null;

        var (events, through, bytes) = (new List<StreamEvent>(entries.Length), oldest.Previous, 0L);
        foreach (var entry in entries)
        {
            var position = RedisPosition.Parse(entry.Id);
            if (bytes >= maxBytes)
                break;
            try
            {
                events.Add(RedisLogEntry.Read(position, entry.Values));
                bytes += events[^1].Size;
            }
            catch (FormatException e)
            {
                unreadable(e);
                return null;
            }
        }

        if (events.Count < entries.Length || entries.Length == count)
            through = RedisPosition.Parse(entries[events.Count - 1].Id);
        return new ThinnedRead(
            events,
            through.Id,
            [.. lost.Where(field => field.Name != LostFloor && RedisPosition.Parse(field.Value) > after).Select(field => TopicRoot.Topics(field.Name.ToString()[LostTopic.Length..]))],
            new LogState(oldest.Id, (last ?? first)!.Value.Position.Id));
    }

    /// <summary>Asks where the stream stands; an empty one is given an epoch.</summary>
    public async Task<LogState> ReadStateAsync(RedisSeen seen, CancellationToken cancellationToken)
    {
        // Before the question: what is begun after it is later than this.
        var known = seen.Newest.Position.Epoch;
        var (oldest, newest) = await ReadEndsAsync(cancellationToken).ConfigureAwait(false);
        if (newest is not { } last)
        {
            var began = await BeginEpochAsync(known, cancellationToken).ConfigureAwait(false);
            return seen.Add(began.Position with { Sequence = 1 }, began);
        }

        var first = (oldest ?? last).Position;
        if (first.Epoch != last.Position.Epoch)
        {
            // The stream still holds the end of an earlier epoch.
            var ofEpoch = await RangeAsync($"{last.Position.Epoch}-0", "+", 1, cancellationToken).ConfigureAwait(false);
            first = ofEpoch is [var entry, ..] ? RedisPosition.Parse(entry.Id) : last.Position;
        }

        return seen.Add(first.IsEpochMarker ? first.Next : first, last);
    }

    /// <summary>Begins the epoch after one that lost events, unless somebody did.</summary>
    /// <returns>The newest entry.</returns>
    public async Task<RedisEntry> BeginEpochAsync(long epoch, CancellationToken cancellationToken)
    {
        var answer = (RedisValue[])(await InTimeAsync(
            redis.Commands.ScriptEvaluateAsync(RedisScripts.BeginEpoch, [keys.Log], [epoch], RedisClient.Primary),
            cancellationToken).ConfigureAwait(false))!;
        return new RedisEntry(new RedisPosition((long)answer[0], (long)answer[1]), (long)answer[2]);
    }

    /// <summary>Whether the stream is still the one of which an entry and the newest seen entry were read.</summary>
    /// <remarks>
    /// Otherwise it was emptied, or went back to an earlier state: a crash before its last writes reached the disk, a fail-over to a
    /// replica that had not got them.
    /// </remarks>
    public async Task<bool> IsStillAsync(RedisEntry read, RedisEntry seen, CancellationToken cancellationToken)
    {
        var position = read.Position.ToString();
        var here = RangeAsync(position, position, 1, cancellationToken);
        var (oldest, newest) = await ReadEndsAsync(cancellationToken).ConfigureAwait(false);
        if (newest is not { } last || last.Position < seen.Position)
            return false;
        if (await here.ConfigureAwait(false) is [var entry])
            return read.Stamp == 0 || RedisLogEntry.Stamp(entry.Values) == read.Stamp;
        // Trimmed beyond it.
        return oldest is { } first && first.Position > read.Position;
    }

    private async Task<RedisLogPage> ReadEventsAsync(
        RedisPosition after, int maxEvents, int maxBytes, Action<FormatException> unreadable, CancellationToken cancellationToken)
    {
        List<StreamEntry> entries = [];
        var (bytes, from) = (0L, $"({after}");
        while (true)
        {
            var average = entries.Count == 0 ? 0 : Math.Max(1, bytes / entries.Count);
            var room = maxEvents - entries.Count;
            var count = (int)Math.Min(room, average == 0 ? FirstEntries : Math.Max(1, (maxBytes - bytes) / average));
            var more = await RangeAsync(from, "+", count, cancellationToken).ConfigureAwait(false);
            foreach (var entry in more)
            {
                entries.Add(entry);
                bytes += entry.Values.Sum(field => field.Value.Length());
                if (bytes >= maxBytes)
                    break;
            }

            if (more.Length < count || entries.Count >= maxEvents || bytes >= maxBytes)
                return new RedisLogPage(new RedisEntry(after, 0), [.. entries], unreadable);
            from = $"({more[^1].Id}";
        }
    }

    private static LogRead Bound(LogRead read, int maxBytes)
    {
        var (count, bytes) = (0, 0L);
        while (count < read.Events.Count && bytes < maxBytes)
            bytes += read.Events[count++].Size;
        return count == read.Events.Count ? read : read with { Events = [.. read.Events.Take(count)] };
    }

    private async Task<(RedisEntry? Oldest, RedisEntry? Newest)> ReadEndsAsync(CancellationToken cancellationToken)
    {
        var oldest = RangeAsync("-", "+", 1, cancellationToken);
        var newest = RangeAsync("-", "+", 1, cancellationToken, Order.Descending);
        await Task.WhenAll(oldest, newest).ConfigureAwait(false);
        return (Only(oldest.Result), Only(newest.Result));

        static RedisEntry? Only(StreamEntry[] entries) => entries is [var entry] ? RedisEntry.Of(entry) : null;
    }

    private Task<StreamEntry[]> RangeAsync(string from, string to, int count, CancellationToken cancellationToken, Order order = Order.Ascending) =>
        InTimeAsync(redis.Commands.StreamRangeAsync(keys.Log, from, to, count, order, RedisClient.Primary), cancellationToken);

    private Task<T> InTimeAsync<T>(Task<T> asked, CancellationToken cancellationToken) => asked.WaitAsync(options.Timeout, time, cancellationToken);
}
