namespace Buffkit.Streams;

/// <summary>
/// Events older than the log retains, asked when a cursor is behind it. Where none is registered, or it does not reach
/// back far enough either, the client is told of a gap.
/// </summary>
public interface IEventHistory
{
    /// <summary>Reads a page of what follows a cursor; goes on into later epochs where the cursor's has ended.</summary>
    /// <param name="after">The cursor, of any epoch.</param>
    /// <param name="maxEvents">Most events to return, at least 1.</param>
    /// <param name="maxBytes">The page ends with the event that reaches this size; one event is always returned.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Found only where the events are all that follow the cursor, from its very next on.</returns>
    ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken);
}
