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
/// they are read, and cached for a while once they were asked for again, so that a crowd that comes back after an outage costs
/// the log and the encoder two readings, not one per client. What one client alone replays is not kept: the collector would move
/// it about while others wait for live events.
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

    // Pages whose last asking is remembered, each in one place by what it follows: a crowd asks for the same within seconds.
    private const int RememberedBits = 10;

    private readonly EventId[] _asked = new EventId[1 << RememberedBits];
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

    /// <summary>Asks the history what follows a cursor that the log does not reach.</summary>
    /// <returns>Found with events, or unavailable; <see langword="null"/> where it does not reach the cursor either.</returns>
    public ValueTask<LogRead?> AskHistoryAsync(EventId after, CancellationToken cancellationToken) => AskHistoryAsync(after, 1, 1, cancellationToken);

    /// <summary>Finds the oldest event that can be read, in the history where that reaches further back than the log.</summary>
    /// <returns>The log's own, and false, where the history could not be asked.</returns>
    public ValueTask<(EventId Id, bool IsSure)> FindOldestAsync(EventId ofLog, CancellationToken cancellationToken) =>
        FindAsync(ofLog, older => older.FindOldestAsync(ofLog, cancellationToken));

    /// <summary>The same, for whoever stands at a cursor that neither reaches: only what lies ahead of it brings them further.</summary>
    public async ValueTask<EventId> FindOldestAfterAsync(EventId cursor, EventId ofLog, CancellationToken cancellationToken)
    {
        var (oldest, _) = await FindOldestAsync(ofLog, cancellationToken).ConfigureAwait(false);
        return oldest.Epoch == cursor.Epoch && oldest.Sequence <= cursor.Sequence + 1 ? ofLog : oldest;
    }

    /// <summary>Finds the first event since a time that lies before all that the log holds.</summary>
    /// <returns>The log's oldest, and false, where the history could not be asked.</returns>
    public ValueTask<(EventId Id, bool IsSure)> FindSinceAsync(DateTimeOffset since, EventId ofLog, CancellationToken cancellationToken) =>
        FindAsync(ofLog, older => older.FindSinceAsync(since, ofLog, cancellationToken));

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
                ref var asked = ref _asked[PlaceOf(after.Sequence)];
                var again = asked == after;
                asked = after;
                // Not this caller's token: others wait for the same page.
                reading = ReadOnceAsync(after, again);
                if (!reading.IsCompleted)
                    _underWay.Add(after, reading);
            }
        }

        return reading.WaitAsync(cancellationToken);
    }

    // Fibonacci hashing: where events are large, pages begin everywhere, and neighbours must not push each other out.
    private static int PlaceOf(long sequence) => (int)(((ulong)sequence * 0x9E37_79B9_7F4A_7C15) >> (64 - RememberedBits));

    private async Task<ReplayPage> ReadOnceAsync(EventId after, bool keep)
    {
        try
        {
            var page = await ReadPageAsync(after).ConfigureAwait(false);
            return keep ? Keep(after, page) : page;
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
        if (read.Status is LogReadStatus.Evicted or LogReadStatus.OtherEpoch)
        {
            var evicted = read.Status is LogReadStatus.Evicted;
            if (await AskHistoryAsync(after, PageEvents, PageBytes, CancellationToken.None).ConfigureAwait(false) is { } older)
                read = older;
            else if (evicted && await log.ReadThinnedAsync(after, PageEvents, PageBytes, CancellationToken.None).ConfigureAwait(false) is { } thinned)
                return new ReplayPage(LogReadStatus.Found, [.. thinned.Events.Select(e => new TailEntry(e))], thinned.State) { Thinned = thinned };
            else
                read = read with { State = read.State with { Oldest = await FindOldestAfterAsync(after, read.State.Oldest, CancellationToken.None).ConfigureAwait(false) } };
        }

        return new ReplayPage(read.Status, [.. read.Events.Select(e => new TailEntry(e))], read.State);
    }

    private async ValueTask<(EventId Id, bool IsSure)> FindAsync(EventId ofLog, Func<IEventHistory, ValueTask<EventId?>> find)
    {
        try
        {
            return (history is null ? ofLog : await find(history).ConfigureAwait(false) ?? ofLog, true);
        }
        catch (HistoryUnavailableException)
        {
            return (ofLog, false);
        }
    }

    // A page that is not full may grow yet.
    private ReplayPage Keep(EventId after, ReplayPage page)
    {
        var bytes = page.Entries.Sum(entry => (long)entry.Size);
        if (page.Entries.Length == PageEvents || bytes >= PageBytes)
            _pages.Set(after, page, new MemoryCacheEntryOptions { Size = bytes * CostFactor });
        return page;
    }

    private async ValueTask<LogRead?> AskHistoryAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        if (history is null)
            return null;
        var read = await history.ReadAsync(after, maxEvents, maxBytes, cancellationToken).ConfigureAwait(false);
        return read is { Status: LogReadStatus.Found, Events.Count: > 0 } or { Status: LogReadStatus.Unavailable } ? read : null;
    }
}
