namespace Buffkit.Streams;

/// <summary>Where a connection begins, and what it has to be told first.</summary>
/// <param name="Cursor">Delivery begins right after it.</param>
/// <param name="Recovered">The client brought a cursor and nothing after it is lost.</param>
/// <param name="Gaps">What is lost: one at most, but for a log of several partitions.</param>
internal readonly record struct StartingPoint(EventId Cursor, bool Recovered, IReadOnlyList<Gap> Gaps)
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

        if (log.Latest.Others is not null)
            return FindPositions(sent, cursor, log);
        if (cursor.Epoch != log.Epoch)
            // All of the present epoch came after whatever the client has seen.
            return Behind(sent, log.Oldest, GapReason.Epoch);
        if (cursor.Sequence > log.Latest.Sequence)
            return Behind(sent, log.Latest.Next, GapReason.Unknown);
        if (cursor.Sequence < log.Oldest.Sequence - 1)
            return Behind(sent, log.Oldest, GapReason.Evicted);
        return At(cursor with { Others = null }, true);
    }

    /// <summary>The log could not be asked: delivery begins when it has answered for the cursor.</summary>
    public bool IsUnconfirmed { get; private init; }

    /// <inheritdoc cref="IsUnconfirmed"/>
    public static StartingPoint Unconfirmed(EventId cursor) => At(cursor, true) with { IsUnconfirmed = true };

    /// <summary>Delivery begins at a cursor, and there is nothing to tell first.</summary>
    public static StartingPoint At(EventId cursor, bool recovered) => new(cursor, recovered, []);

    // Each partition by itself. One that the cursor does not hold began after the client was last here, if the others are
    // known; otherwise the cursor is another log's.
    private static StartingPoint FindPositions(string? sent, EventId cursor, LogState log)
    {
        var partitions = Enumerable.Range(0, EventId.MaxPartitions).Where(p => log.Latest.InPartition(p) != default).ToArray();
        var isOurs = partitions.Any(p => cursor.InPartition(p) != default);
        var (start, recovered, lost) = (log.Latest, true, new List<(EventId Position, GapReason Reason)>());
        foreach (var partition in partitions)
        {
            var state = new LogState(log.Oldest.InPartition(partition), log.Latest.InPartition(partition));
            var position = cursor.InPartition(partition);
            if (position == default)
                position = isOurs ? state.Oldest with { Sequence = 0 } : cursor with { Others = null };
            var found = Find(sent, position, state);
            start = start.MovedTo(found.Cursor);
            recovered &= found.Recovered;
            lost.AddRange(found.Gaps.Select(gap => (found.Cursor, gap.Reason)));
        }

        var own = start.InPartition(cursor.Epoch.Partition);
        if (own != default)
            start = start.MovedTo(own);
        return new StartingPoint(start, recovered, [.. lost.Select(gap => new Gap(Echo(sent), start.MovedTo(gap.Position).Next, gap.Reason))]);
    }

    private static StartingPoint Behind(string? sent, EventId next, GapReason reason) =>
        new(next.Previous, false, [new Gap(Echo(sent), next, reason)]);

    private static string? Echo(string? sent) => sent is not null && EventId.IsWellFormed(sent) ? sent : null;
}
