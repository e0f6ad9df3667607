using Microsoft.Extensions.Caching.Memory;

namespace Buffkit.Streams;

/// <summary>A page of what lies behind the tail.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Entries">In order, with their frames; may begin before the cursor that was asked for.</param>
/// <param name="State">Where the log stood.</param>
internal readonly record struct ReplayPage(LogReadStatus Status, TailEntry[] Entries, LogState State);

/// <summary>
/// Reads behind the tail, for connections that catch up: the log, then the history. Whole pages are cached with their
/// frames, so that a crowd that comes back after an outage costs the log and the encoder one reading, not one per client.
/// </summary>
internal sealed class ReplayReader(IEventLog log, IEventHistory? history) : IDisposable
{
    /// <summary>Events of a page. It is held while it is written, so it is small; a log answers one in about a millisecond.</summary>
    public const int PageEvents = 128;

    // A crowd reads the same few pages at about the same time; older ones leave first.
    private const long CacheBytes = 16 * 1024 * 1024;

    // An event and one frame of it.
    private const int CostFactor = 2;

    private readonly MemoryCache _pages = new(new MemoryCacheOptions { SizeLimit = CacheBytes });

    /// <summary>Reads what follows a cursor.</summary>
    public async ValueTask<ReplayPage> ReadAsync(EventId after, CancellationToken cancellationToken)
    {
        // Pages begin at multiples of their size, so that cursors close to each other share one.
        var start = after with { Sequence = after.Sequence - (after.Sequence % PageEvents) };
        if (_pages.TryGetValue(start, out TailEntry[]? cached))
            return new ReplayPage(LogReadStatus.Found, cached!, log.State);

        var read = await log.ReadAsync(start, PageEvents, cancellationToken).ConfigureAwait(false);
        if (read.Status is LogReadStatus.Evicted && start != after)
            read = await log.ReadAsync(after, PageEvents, cancellationToken).ConfigureAwait(false);
        if (read.Status is LogReadStatus.Evicted or LogReadStatus.OtherEpoch && await AskHistoryAsync(after, cancellationToken).ConfigureAwait(false) is { } older)
            read = older;

        var entries = new TailEntry[read.Events.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new TailEntry(read.Events[i]);
        if (entries.Length == PageEvents && entries[0].Id == start.Next)
            _pages.Set(start, entries, new MemoryCacheEntryOptions { Size = entries.Sum(entry => (long)entry.Size) * CostFactor });
        return new ReplayPage(read.Status, entries, read.State);
    }

    /// <summary>Whether what follows a cursor that the log does not reach can be read all the same.</summary>
    public async ValueTask<bool> HistoryReachesAsync(EventId after, CancellationToken cancellationToken) =>
        await AskHistoryAsync(after, cancellationToken).ConfigureAwait(false) is not null;

    public void Dispose() => _pages.Dispose();

    private async ValueTask<LogRead?> AskHistoryAsync(EventId after, CancellationToken cancellationToken)
    {
        if (history is null)
            return null;
        var read = await history.ReadAsync(after, PageEvents, cancellationToken).ConfigureAwait(false);
        return read is { Status: LogReadStatus.Found, Events.Count: > 0 } ? read : null;
    }
}
