using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;

namespace Buffkit.Streams;

/// <summary>
/// One log over several that have no order between them: a topic always lies in the same, and a cursor holds a position in each.
/// </summary>
/// <remarks>
/// Whoever reads sees the partitions interleaved, each in its order. Servers interleave differently, so the ids that they deliver
/// an event with differ in the other partitions' positions; all are cursors that any server goes on from.
/// </remarks>
internal sealed class PartitionedEventLog(IReadOnlyList<IEventLog> partitions) : IEventLog
{
    public LogState State => Combine(partitions.Select(partition => partition.State));

    public bool IsAvailable => partitions.All(partition => partition.IsAvailable);

    public async ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken)
    {
        var states = await Task.WhenAll(partitions.Select(p => p.ReadStateAsync(cancellationToken).AsTask())).ConfigureAwait(false);
        return states.All(state => state is not null) ? Combine(states.Select(state => state!.Value)) : null;
    }

    /// <remarks>
    /// All or none within a partition. Over several, one that is away leaves the events of the others appended; the publisher is
    /// told <see cref="AppendStatus.Unavailable"/> and with its idempotency key completes the rest.
    /// </remarks>
    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        var parts = Divide(request);
        if (parts is [var (partition, _)] && request.Idempotency is null)
            return await partitions[partition].AppendAsync(request, cancellationToken).ConfigureAwait(false);

        // One partition keeps the answer to a key, whatever the request holds, or two requests with one key would not meet.
        var results = new AppendResult[parts.Count];
        if (request.Idempotency is { } idempotency)
        {
            var home = PartitionOf(idempotency.Key);
            var at = parts.FindIndex(part => part.Partition == home);
            var claim = await AppendAsync(home, at < 0 ? [] : parts[at].Events).ConfigureAwait(false);
            if (!claim.IsHeld)
                return claim;
            if (at >= 0)
                results[at] = claim;
        }

        for (var i = 0; i < parts.Count; i++)
        {
            if (results[i].Ids is null)
                results[i] = await AppendAsync(parts[i].Partition, parts[i].Events).ConfigureAwait(false);
            if (!results[i].IsHeld)
                return results[i];
        }

        return Combine(request, parts, results);

        ValueTask<AppendResult> AppendAsync(int partition, IReadOnlyList<EventDraft> events) =>
            partitions[partition].AppendAsync(request with { Events = events }, cancellationToken);
    }

    public async ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        var (events, bytes) = (Math.Max(1, maxEvents / partitions.Count), Math.Max(1, maxBytes / partitions.Count));
        var reads = await Task.WhenAll(partitions.Select(
            (partition, i) => partition.ReadAsync(after.InPartition(i), events, bytes, cancellationToken).AsTask())).ConfigureAwait(false);
        foreach (var read in reads)
        {
            if (read.Status is not (LogReadStatus.Found or LogReadStatus.Unavailable))
                return Place(read, ref after);
        }

        // A page is whole or none: what a partition that is away would have said of the cursor is not known.
        return reads.Any(read => read.Status is LogReadStatus.Unavailable)
            ? new LogRead(LogReadStatus.Unavailable, [], State)
            : new LogRead(LogReadStatus.Found, Merge(reads, after), State);
    }

    public async ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken)
    {
        var starts = await Task.WhenAll(partitions.Select(
            p => p.FindStartAsync(newest / partitions.Count, cancellationToken).AsTask())).ConfigureAwait(false);
        return Combine(starts);
    }

    public async IAsyncEnumerable<LogRead> FollowAsync(EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reads = Channel.CreateBounded<LogRead>(partitions.Count);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] followers = [.. partitions.Select((partition, i) => FollowOneAsync(partition, after.InPartition(i), reads.Writer, stop.Token))];
        try
        {
            await foreach (var read in reads.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return Place(read, ref after);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(followers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The partition of a topic: the same on every server, in every version.</summary>
    internal int PartitionOf(string text) => (int)(XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text)) % (ulong)partitions.Count);

    private static async Task FollowOneAsync(IEventLog partition, EventId after, ChannelWriter<LogRead> reads, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var read in partition.FollowAsync(after, cancellationToken).ConfigureAwait(false))
                await reads.WriteAsync(read, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            reads.TryComplete(e);
        }
    }

    private List<(int Partition, List<EventDraft> Events)> Divide(AppendRequest request)
    {
        var parts = new List<(int Partition, List<EventDraft> Events)>(partitions.Count);
        foreach (var draft in request.Events)
        {
            var partition = PartitionOf(draft.Topic.Value);
            var at = parts.FindIndex(part => part.Partition == partition);
            if (at < 0)
                parts.Add((partition, [draft]));
            else
                parts[at].Events.Add(draft);
        }

        return parts;
    }

    private AppendResult Combine(AppendRequest request, List<(int Partition, List<EventDraft> Events)> parts, AppendResult[] results)
    {
        var next = new int[parts.Count];
        var ids = new EventId[request.Events.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            var partition = PartitionOf(request.Events[i].Topic.Value);
            var part = parts.FindIndex(p => p.Partition == partition);
            ids[i] = results[part].Ids[next[part]++];
        }

        var isRepeated = results.All(result => result.Status is AppendStatus.AlreadyAppended);
        return new AppendResult(isRepeated ? AppendStatus.AlreadyAppended : AppendStatus.Appended, ids);
    }

    // The events by their time, as far as that keeps each partition's order.
    private static List<StreamEvent> Merge(LogRead[] reads, EventId after)
    {
        var next = new int[reads.Length];
        var merged = new List<StreamEvent>(reads.Sum(read => read.Events.Count));
        while (merged.Count < merged.Capacity)
        {
            var first = -1;
            for (var i = 0; i < reads.Length; i++)
            {
                if (next[i] < reads[i].Events.Count && (first < 0 || reads[i].Events[next[i]].Time < reads[first].Events[next[first]].Time))
                    first = i;
            }

            var e = reads[first].Events[next[first]++];
            after = after.MovedTo(e.Id);
            merged.Add(e.At(after));
        }

        return merged;
    }

    // One partition's read as a read of the whole.
    private static LogRead Place(LogRead read, ref EventId after)
    {
        if (read.Status is LogReadStatus.Found)
        {
            var placed = new StreamEvent[read.Events.Count];
            for (var i = 0; i < placed.Length; i++)
            {
                after = after.MovedTo(read.Events[i].Id);
                placed[i] = read.Events[i].At(after);
            }

            return read with { Events = placed, State = new LogState(after, after) };
        }

        if (read.Status is LogReadStatus.Unavailable)
            return read;
        var state = new LogState(after.MovedTo(read.State.Oldest), after.MovedTo(read.State.Latest));
        after = state.Oldest.Previous;
        return read with { State = state };
    }

    private static LogState Combine(IEnumerable<LogState> states)
    {
        LogState[] all = [.. states];
        return all.All(state => state.IsKnown)
            ? new LogState(Combine(all.Select(state => state.Oldest)), Combine(all.Select(state => state.Latest)))
            : default;
    }

    private static EventId Combine(IEnumerable<EventId> positions) =>
        positions.Aggregate(default(EventId), (cursor, position) => cursor.MovedTo(position));
}
