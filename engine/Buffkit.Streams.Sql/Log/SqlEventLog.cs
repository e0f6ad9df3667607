using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Buffkit.Streams.Sql;

/// <summary>
/// The log of a server that runs alone, kept in a database: what it has accepted is there when the server starts again, in the same
/// epoch. What is newest is read from memory; <see cref="SqlEventHistory"/> reads what is older.
/// </summary>
/// <remarks>
/// One server at a time has the log (<see cref="DatabaseLease"/>). Another that starts beside it waits for its turn, and accepts
/// nothing until then: servers that share a log need Redis.
/// </remarks>
internal sealed class SqlEventLog(SqlLogStore store, SqlLogQueue queue, HistoryHealth health, TimeProvider time) : IEventLog
{
    // A database that does not answer for so long is away; its driver waits longer.
    private static readonly TimeSpan AppendPatience = TimeSpan.FromSeconds(10);

    public LogState State => store.Memory?.State ?? default;

    public bool IsAvailable => store.Memory is not null && health.IsWritable;

    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (store.Memory is null || queue.TryAdd(request) is not { } append)
            return AppendResult.Unavailable;
        try
        {
            return await append.Result.WaitAsync(AppendPatience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return AppendResult.Unavailable;
        }
        finally
        {
            // Where nobody waits any more, and it has not been begun, it is not written either.
            append.Answer(AppendResult.Unavailable);
        }
    }

    public ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken) =>
        store.Memory is { } memory ? memory.ReadStateAsync(cancellationToken) : ValueTask.FromResult<LogState?>(null);

    public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        store.Memory is { } memory
            ? memory.ReadAsync(after, maxEvents, maxBytes, cancellationToken)
            : ValueTask.FromResult(new LogRead(LogReadStatus.Unavailable, [], default));

    public ValueTask<ThinnedRead?> ReadThinnedAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        store.Memory is { } memory
            ? memory.ReadThinnedAsync(after, maxEvents, maxBytes, cancellationToken)
            : ValueTask.FromResult<ThinnedRead?>(null);

    public async ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken) =>
        await (await store.OpenedAsync(cancellationToken).ConfigureAwait(false)).FindStartAsync(newest, cancellationToken).ConfigureAwait(false);

    public async IAsyncEnumerable<LogRead> FollowAsync(EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            // Ends where the log is opened again; the next one's first answer tells what that means for the cursor.
            var memory = await store.OpenedAsync(cancellationToken).ConfigureAwait(false);
            await foreach (var read in memory.FollowAsync(after, cancellationToken).ConfigureAwait(false))
            {
                after = read.Events.Count > 0 ? read.Events[^1].Id : read.State.Oldest.Previous;
                yield return read;
            }
        }
    }
}

/// <summary>A request that waits for its turn to be written.</summary>
internal sealed class PendingAppend(AppendRequest request, long bytes)
{
    private readonly TaskCompletionSource<AppendResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppendRequest Request { get; } = request;

    public long Bytes { get; } = bytes;

    public Task<AppendResult> Result => _result.Task;

    /// <summary>Answers, unless it was answered.</summary>
    public void Answer(AppendResult result) => _result.TrySetResult(result);
}

/// <summary>Requests that wait to be written, bounded in number and bytes: a slow disk must not become a matter of memory.</summary>
internal sealed class SqlLogQueue
{
    private const int MostRequests = 10_000;
    private const long MostBytes = 64L * 1024 * 1024;

    // Names, topic and the like of an event, roughly.
    private const int EventOverhead = 256;

    private readonly Channel<PendingAppend> _requests =
        Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(MostRequests) { SingleReader = true });

    private long _bytes;

    public ChannelReader<PendingAppend> Reader => _requests.Reader;

    /// <returns><see langword="null"/> where there is no room.</returns>
    public PendingAppend? TryAdd(AppendRequest request)
    {
        var bytes = request.Events.Sum(draft => EventOverhead + (long)draft.Data.Length);
        var append = new PendingAppend(request, bytes);
        // One that is larger than all of the room is taken when it is alone.
        var sum = Interlocked.Add(ref _bytes, bytes);
        if ((sum <= MostBytes || sum == bytes) && _requests.Writer.TryWrite(append))
            return append;
        Interlocked.Add(ref _bytes, -bytes);
        return null;
    }

    /// <summary>Gives the room of a request that was taken from the reader free.</summary>
    public void Taken(PendingAppend append) => Interlocked.Add(ref _bytes, -append.Bytes);

    /// <summary>Takes no more, and says so to all who wait.</summary>
    public void Close()
    {
        _requests.Writer.TryComplete();
        while (_requests.Reader.TryRead(out var append))
        {
            Taken(append);
            append.Answer(AppendResult.Unavailable);
        }
    }
}
