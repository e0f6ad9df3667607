namespace Buffkit.Client;

/// <summary>
/// Keeps cursors, so that a service goes on where it stopped: in a file (<see cref="FileCursorStore"/>), or by a class of one's own in the
/// database in which the consumer works anyway.
/// </summary>
/// <remarks>
/// A cursor is saved after its event was dealt with, and from time to time: after a kill the newest events come again, none is missed.
/// </remarks>
public interface ICursorStore
{
    /// <summary>Reads a cursor.</summary>
    /// <param name="name">The subscription's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The cursor; nothing where none was saved. What it throws ends the subscription: it cannot know where to begin.</returns>
    ValueTask<string?> LoadAsync(string name, CancellationToken cancellationToken);

    /// <summary>Writes a cursor in the place of the one before: whole, or not at all.</summary>
    /// <param name="name">The subscription's name.</param>
    /// <param name="cursor">The cursor: opaque, without line breaks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Complete when it is kept. What it throws is logged, and the next save tries again.</returns>
    ValueTask SaveAsync(string name, string cursor, CancellationToken cancellationToken);
}
