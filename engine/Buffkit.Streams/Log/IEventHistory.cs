namespace Buffkit.Streams;

/// <summary>
/// Events older than the log retains, asked when a cursor is behind it. Where none is registered, or it does not reach
/// back far enough either, the client is told of a gap.
/// </summary>
public interface IEventHistory
{
    /// <summary>Reads a page of what follows a cursor; goes on into later epochs where the cursor's has ended and nothing is lost between.</summary>
    /// <param name="after">The cursor, of any epoch.</param>
    /// <param name="maxEvents">Most events to return, at least 1.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this size; one event is always returned.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Found only where the events are all that follow the cursor, from its very next on. <see cref="LogReadStatus.Unavailable"/> where
    /// it could not be asked: it may well hold them. The latest of its state is the newest event that it holds from there without a hole.
    /// </returns>
    ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Finds the oldest event from which on all is held, up to where the log begins.</summary>
    /// <param name="before">The oldest event that the log holds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> where nothing is held that the log does not hold itself; by default nothing is.</returns>
    /// <exception cref="HistoryUnavailableException">It could not be asked.</exception>
    ValueTask<EventId?> FindOldestAsync(EventId before, CancellationToken cancellationToken) => ValueTask.FromResult<EventId?>(null);

    /// <summary>Finds the first event that was taken at or after a time, among those that <see cref="FindOldestAsync"/> reaches.</summary>
    /// <param name="since">The time.</param>
    /// <param name="before">The oldest event that the log holds, which was taken after it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/> where nothing is held that the log does not hold itself; by default nothing is.</returns>
    /// <exception cref="HistoryUnavailableException">It could not be asked.</exception>
    ValueTask<EventId?> FindSinceAsync(DateTimeOffset since, EventId before, CancellationToken cancellationToken) => ValueTask.FromResult<EventId?>(null);
}

/// <summary>The history could not be reached or did not answer; what it holds is unknown.</summary>
public sealed class HistoryUnavailableException()
    : Exception("The history of events is unavailable. Ask again when health says that it is back.");
