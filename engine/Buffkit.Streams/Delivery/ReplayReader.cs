using Microsoft.Extensions.Caching.Memory;

namespace Buffkit.Streams;

/// <summary>A page of what lies behind the tail.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Entries">In order, with their frames; may begin before the cursor that was asked for.</param>
/// <param name="State">Where the log stood.</param>
internal sealed record ReplayPage(LogReadStatus Status, TailEntry[] Entries, LogState State)
{
    /// <summary>The page is of the thinned part of the log: some topics have lost events, and the cursor goes on from where it says.</summary>
    public ThinnedRead? Thinned { get; init; }
}

/// <summary>
/// Reads behind the tail, for connections that catch up: the log, then the history. Pages are shared with their frames while
/// they are read and cached for a while after, so that a crowd that comes back after an outage costs the log and the encoder
/// one reading, not one per client.
/// </summary>
internal sealed class ReplayReader(IEventLog log, IEventHistory? history) : IDisposable
{
    /// <summary>Most events of a page.</summary>
    public const int PageEvents = 128;

    /// <summary>Bytes after which a page ends: it is held while it is written, one per connection at the worst.</summary>
    public const int PageBytes = 256 * 1024;

    // A crowd reads the same few pages at about the same time; older ones leave first.
    private const long CacheBytes = 32 * 1024 * 1024;

    // An event, a plain frame of it and a compressed one.
    private const int CostFactor = 3;

    private readonly MemoryCache _pages = new(new MemoryCacheOptions { SizeLimit = CacheBytes });
    private readonly Lock _gate = new();
    private readonly Dictionary<EventId, Task<ReplayPage>> _underWay = [];

    /// <summary>Reads what follows a cursor.</summary>
    public async ValueTask<ReplayPage> ReadAsync(EventId after, CancellationToken cancellationToken)
    {
        // Pages begin at multiples of their size, so that cursors close to each other share one.
        var start = after with { Sequence = after.Sequence - (after.Sequence % PageEvents) };
        var page = await GetAsync(start, cancellationToken).ConfigureAwait(false);
        // That page has nothing after the cursor: it ended early because of its bytes, or its beginning is no longer retained. So a page
        // is read that begins at the cursor.
        var falls = page.Status is not LogReadStatus.Unavailable
            && (page.Status is not LogReadStatus.Found || page.Thinned is not null || page.Entries.Length == 0 || after.HasPassed(page.Entries[^1].Id));
        return falls && start != after ? await GetAsync(after, cancellationToken).ConfigureAwait(false) : page;
    }

    /// <summary>Whether what follows a cursor that the log does not reach can be read all the same.</summary>
    public async ValueTask<bool> HistoryReachesAsync(EventId after, CancellationToken cancellationToken) =>
        await AskHistoryAsync(after, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Whether nothing that these filters ask for is lost after a cursor that the log does not reach.</summary>
    public async ValueTask<bool> KeepsAsync(EventId after, IReadOnlyList<TopicFilter> filters, CancellationToken cancellationToken) =>
        await log.ReadThinnedAsync(after, 1, 1, cancellationToken).ConfigureAwait(false) is { } thinned && thinned.IsWholeFor(filters);

    public void Dispose() => _pages.Dispose();

    private Task<ReplayPage> GetAsync(EventId after, CancellationToken cancellationToken)
    {
        if (_pages.TryGetValue(after, out ReplayPage? cached))
            return Task.FromResult(cached!);
        Task<ReplayPage> reading;
        lock (_gate)
        {
            if (!_underWay.TryGetValue(after, out reading!))
            {
                // Not this caller's token: others wait for the same page.
                reading = ReadOnceAsync(after);
                if (!reading.IsCompleted)
                    _underWay.Add(after, reading);
            }
        }

        return reading.WaitAsync(cancellationToken);
    }

    private async Task<ReplayPage> ReadOnceAsync(EventId after)
    {
        try
        {
            return Keep(after, await ReadPageAsync(after).ConfigureAwait(false));
        }
        finally
        {
            lock (_gate)
                _underWay.Remove(after);
        }
    }

    private async ValueTask<ReplayPage> ReadPageAsync(EventId after)
    {
        var read = await log.ReadAsync(after, PageEvents, PageBytes, CancellationToken.None).ConfigureAwait(false);
        if (read.Status is LogReadStatus.Evicted or LogReadStatus.OtherEpoch && await AskHistoryAsync(after, CancellationToken.None).ConfigureAwait(false) is { } older)
            read = older;
        if (read.Status is LogReadStatus.Evicted
            && await log.ReadThinnedAsync(after, PageEvents, PageBytes, CancellationToken.None).ConfigureAwait(false) is { } thinned)
        {
            return new ReplayPage(LogReadStatus.Found, [.. thinned.Events.Select(e => new TailEntry(e))], thinned.State) { Thinned = thinned };
        }

        return new ReplayPage(read.Status, [.. read.Events.Select(e => new TailEntry(e))], read.State);
    }

    // A page that is not full may grow yet.
    private ReplayPage Keep(EventId after, ReplayPage page)
    {
        var bytes = page.Entries.Sum(entry => (long)entry.Size);
        if (page.Entries.Length == PageEvents || bytes >= PageBytes)
            _pages.Set(after, page, new MemoryCacheEntryOptions { Size = bytes * CostFactor });
        return page;
    }

    private async ValueTask<LogRead?> AskHistoryAsync(EventId after, CancellationToken cancellationToken)
    {
        if (history is null)
            return null;
        var read = await history.ReadAsync(after, PageEvents, PageBytes, cancellationToken).ConfigureAwait(false);
        return read is { Status: LogReadStatus.Found, Events.Count: > 0 } ? read : null;
    }
}
