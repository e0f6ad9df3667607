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
                ? At(log.Latest, false)
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
        return At(cursor, true);
    }

    /// <summary>The log could not be asked: delivery begins when it has answered for the cursor.</summary>
    public bool IsUnconfirmed { get; private init; }

    /// <summary>The cursor's place in the tail, where it was found there.</summary>
    public long? TailIndex { get; init; }

    /// <inheritdoc cref="IsUnconfirmed"/>
    public static StartingPoint Unconfirmed(EventId cursor) => At(cursor, true) with { IsUnconfirmed = true };

    /// <summary>Delivery begins with the oldest event that can be had; what was before may have been asked for.</summary>
    /// <param name="oldest">That event.</param>
    /// <param name="isUnconfirmed">As <see cref="IsUnconfirmed"/>.</param>
    public static StartingPoint BehindUnknown(EventId oldest, bool isUnconfirmed = false) =>
        new(oldest.Previous, false, new Gap(null, oldest, GapReason.Evicted)) { IsUnconfirmed = isUnconfirmed };

    /// <summary>Delivery begins at a cursor, and there is nothing to tell first.</summary>
    public static StartingPoint At(EventId cursor, bool recovered) => new(cursor, recovered, null);

    /// <summary>The same, where the gap ends with another event.</summary>
    public StartingPoint MovedTo(EventId next) => this with { Cursor = next.Previous, Gap = Gap! with { Next = next } };

    private static StartingPoint Behind(string? sent, EventId next, GapReason reason) =>
        new(next.Previous, false, new Gap(Echo(sent), next, reason));

    private static string? Echo(string? sent) => sent is not null && EventId.IsWellFormed(sent) ? sent : null;
}
