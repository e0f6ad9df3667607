namespace Buffkit.Streams;

/// <summary>Whether a cursor could be followed.</summary>
public enum LogReadStatus
{
    /// <summary>The events are all that follow the cursor, from its very next on.</summary>
    Found,

    /// <summary>The cursor is of this epoch, but events after it are no longer held.</summary>
    Evicted,

    /// <summary>The cursor is of another life of the log.</summary>
    OtherEpoch,

    /// <summary>The cursor is ahead of the log: it never issued it.</summary>
    Unknown,

    /// <summary>The log could not be reached; the cursor may well be good. Ask again.</summary>
    Unavailable,
}

/// <summary>A page of the log.</summary>
/// <param name="Status">Look at it first.</param>
/// <param name="Events">In order; empty unless found.</param>
/// <param name="State">Where the log stood when it was read.</param>
public readonly record struct LogRead(LogReadStatus Status, IReadOnlyList<StreamEvent> Events, LogState State);
