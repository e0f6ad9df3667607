namespace Buffkit.Streams;

/// <summary>
/// The one ordered record of events. Everything that is delivered comes from here, live or replayed.
/// </summary>
/// <remarks>
/// What can go wrong in ordinary life (a cursor too old, a server away) is a value that the caller must look at, not an
/// exception; exceptions mean a defect. Every implementation passes the same specification tests.
/// </remarks>
public interface IEventLog
{
    /// <summary>What this process knows of the log now, without asking anyone; nothing before it has reached it once.</summary>
    LogState State { get; }

    /// <summary>Whether the log answered when it was last asked.</summary>
    bool IsAvailable { get; }

    /// <summary>What threatens events that the log took, or will refuse, in words for an operator; nothing where all is well.</summary>
    string? Problem => null;

    /// <summary>Asks the log where it stands; a log that is shared may be ahead of what this process knows.</summary>
    /// <returns><see langword="null"/> where it cannot be reached.</returns>
    ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken);

    /// <summary>Appends events in order, all or none; complete once the log holds them.</summary>
    ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken);

    /// <summary>Reads a page of what follows a cursor; empty at the end of the log.</summary>
    /// <param name="after">The cursor.</param>
    /// <param name="maxEvents">Most events to return, at least 1.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this size; one event is always returned.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken);

    /// <summary>
    /// Reads behind what <see cref="ReadAsync"/> reaches, where it says <see cref="LogReadStatus.Evicted"/>: a noisy topic takes no more
    /// than its share of what is retained, and others' events stay.
    /// </summary>
    /// <param name="after">The cursor.</param>
    /// <param name="maxEvents">Most events to return, at least 1.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this size.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> where nothing reaches back to the cursor; by default nothing does.</returns>
    ValueTask<ThinnedRead?> ReadThinnedAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ThinnedRead?>(null);

    /// <summary>Waits until the log answers, then finds a cursor of its present epoch from which to follow it.</summary>
    /// <param name="newest">At most so many events that the log holds already follow the cursor.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken);

    /// <summary>
    /// Reads on for ever: pages of what follows a cursor as it comes, in order. Where the log no longer reaches back to the
    /// cursor it yields that as a read with its <see cref="LogReadStatus"/> and goes on with the oldest event it has.
    /// </summary>
    IAsyncEnumerable<LogRead> FollowAsync(EventId after, CancellationToken cancellationToken);
}

/// <summary>Where a log stands.</summary>
/// <param name="Oldest">Id of the oldest event still held; where none is, the id that the next event will get.</param>
/// <param name="Latest">Cursor at the end of the log.</param>
public readonly record struct LogState(EventId Oldest, EventId Latest)
{
    /// <summary>The log's present life.</summary>
    public Epoch Epoch => Latest.Epoch;

    /// <summary>Whether the log was ever reached.</summary>
    public bool IsKnown => Latest.Epoch != default;

    /// <summary>The cursor that all of the events held follow.</summary>
    internal EventId BeforeOldest => Oldest.Previous;

    /// <summary>A cursor that at most so many of the events held follow.</summary>
    internal EventId Before(int newest) => Latest with { Sequence = Math.Max(Oldest.Sequence - 1, Latest.Sequence - newest) };
}
