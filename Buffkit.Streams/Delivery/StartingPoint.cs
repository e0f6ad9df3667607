namespace Buffkit.Streams;

/// <summary>Where a connection begins, and what it has to be told first.</summary>
/// <param name="Cursor">Delivery begins right after it.</param>
/// <param name="Recovered">The client brought a cursor and nothing after it is lost.</param>
/// <param name="Gap">What is lost.</param>
internal readonly record struct StartingPoint(EventId Cursor, bool Recovered, Gap? Gap)
{
    /// <summary>Judges a client's cursor against the log.</summary>
    /// <param name="sent">What the client sent; nothing where it begins now.</param>
    /// <param name="after">The same as an id, where it is one.</param>
    /// <param name="log">Where the log stands.</param>
    public static StartingPoint Find(string? sent, EventId? after, LogState log)
    {
        if (after is not { } cursor)
        {
            return sent is null
                ? new StartingPoint(log.Latest, false, null)
                // Not an id at all, so nothing says what was missed; the client reads its state anew and goes on from now.
                : Behind(sent, log.Latest.Next, GapReason.Unknown);
        }

        if (cursor.Epoch != log.Epoch)
            // All of the present epoch came after whatever the client has seen.
            return Behind(sent, log.Oldest, GapReason.Epoch);
        if (cursor.Sequence > log.Latest.Sequence)
            return Behind(sent, log.Latest.Next, GapReason.Unknown);
        if (cursor.Sequence < log.Oldest.Sequence - 1)
            return Behind(sent, log.Oldest, GapReason.Evicted);
        return new StartingPoint(cursor, true, null);
    }

    private static StartingPoint Behind(string? sent, EventId next, GapReason reason) =>
        new(next.Previous, false, new Gap(sent is not null && EventId.IsWellFormed(sent) ? sent : null, next, reason));
}
