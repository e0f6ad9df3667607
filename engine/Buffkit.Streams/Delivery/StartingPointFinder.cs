namespace Buffkit.Streams;

/// <summary>
/// Judges the cursor that a client brings. The tail answers nearly always; otherwise the log is asked, which on a server of
/// many may be ahead of what this one has read, then the history.
/// </summary>
internal sealed class StartingPointFinder(IEventLog log, EventTail tail, ReplayReader replay)
{
    /// <summary>Finds where to begin.</summary>
    /// <param name="wanted">What the client says of it.</param>
    /// <param name="filters">What it asks for: only of these can anything be lost to it.</param>
    /// <param name="cancellationToken">Ends the wait for the log.</param>
    public async ValueTask<StartingPoint> FindAsync(WantedStart wanted, IReadOnlyList<TopicFilter> filters, CancellationToken cancellationToken)
    {
        var known = log.State;
        if (wanted.IsEarliest)
            return await FindEarliestAsync(known, cancellationToken).ConfigureAwait(false);

        if (wanted.Since is { } since)
            return await FindSinceAsync(since, known, cancellationToken).ConfigureAwait(false);
        if (wanted.Cursor is not { } cursor)
            return StartingPoint.Find(wanted.Sent, null, known);
        if (tail.Find(cursor, out var index) is TailRead.Found && IsReached(cursor, known))
            // If the cursor is of an earlier epoch, the tail still holds the end of that epoch and the gap after it.
            return StartingPoint.At(cursor, cursor.Epoch == known.Epoch) with { TailIndex = index };

        if (await log.ReadStateAsync(cancellationToken).ConfigureAwait(false) is not { } state)
            // Whether anything is lost is found out when the log is back; if so, the gap comes in the stream.
            return StartingPoint.Unconfirmed(cursor);
        var start = StartingPoint.Find(wanted.Sent, cursor, state);
        if (start.Gap is not { Reason: GapReason.Evicted or GapReason.Epoch } gap)
            return start;
        if (await replay.AskHistoryAsync(cursor, cancellationToken).ConfigureAwait(false) is { } older)
        {
            return older.Status is LogReadStatus.Unavailable
                ? StartingPoint.Unconfirmed(cursor)
                // What follows the end of an earlier epoch may be lost; the stream says so when it has come there.
                : StartingPoint.At(cursor, older.State.Epoch == state.Epoch);
        }

        if (gap.Reason is GapReason.Evicted && await replay.KeepsAsync(cursor, filters, cancellationToken).ConfigureAwait(false))
            return StartingPoint.At(cursor, true);
        start = gap.Reason is GapReason.Epoch
            ? await FindInEarlierEpochAsync(cursor, start, cancellationToken).ConfigureAwait(false)
            : start;
        return start.Gap is { } lost
            ? start.MovedTo(await replay.FindOldestAfterAsync(cursor, lost.Next, cancellationToken).ConfigureAwait(false))
            : start;
    }

    private async ValueTask<StartingPoint> FindEarliestAsync(LogState known, CancellationToken cancellationToken)
    {
        if (await log.ReadStateAsync(cancellationToken).ConfigureAwait(false) is not { } state)
            return FromUnknown(known);
        var (oldest, isSure) = await replay.FindOldestAsync(state.Oldest, cancellationToken).ConfigureAwait(false);
        return isSure ? StartingPoint.At(oldest.Previous, true) : StartingPoint.BehindUnknown(oldest);
    }

    private async ValueTask<StartingPoint> FindSinceAsync(DateTimeOffset since, LogState known, CancellationToken cancellationToken)
    {
        if (await log.ReadStateAsync(cancellationToken).ConfigureAwait(false) is not { } state)
            return FromUnknown(known);
        var found = await Bisection.FindFirstAsync(state.Oldest.Sequence, state.Latest.Sequence + 1, async sequence =>
        {
            var read = await log.ReadAsync(state.Latest with { Sequence = sequence - 1 }, 1, 1, cancellationToken).ConfigureAwait(false);
            return read switch
            {
                { Status: LogReadStatus.Found, Events: [var e, ..] } => e.Time < since,
                { Status: LogReadStatus.Evicted } => true,
                _ => null,
            };
        }).ConfigureAwait(false);
        if (found is not { } first)
            return FromUnknown(known);
        if (first > state.Oldest.Sequence)
            return StartingPoint.At(state.Oldest with { Sequence = first - 1 }, true);
        var (older, isSure) = await replay.FindSinceAsync(since, state.Oldest, cancellationToken).ConfigureAwait(false);
        // Of what was taken before the oldest that is retained nobody knows the time.
        var isOldest = older.Sequence > 1 && older == (await replay.FindOldestAsync(state.Oldest, cancellationToken).ConfigureAwait(false)).Id;
        return isSure && !isOldest ? StartingPoint.At(older.Previous, true) : StartingPoint.BehindUnknown(older);
    }

    // The log is away: when it is back, all follows that it had when it was last seen, and what it has not any more is told then.
    private static StartingPoint FromUnknown(LogState known) =>
        known.IsKnown ? StartingPoint.BehindUnknown(known.Oldest, isUnconfirmed: true) : StartingPoint.Unconfirmed(known.BeforeOldest);

    private static bool IsReached(EventId cursor, LogState known) =>
        cursor.Epoch != known.Epoch || cursor.Sequence <= known.Latest.Sequence;

    // The end of an earlier epoch may still be held, and the ones between it and the present.
    private async ValueTask<StartingPoint> FindInEarlierEpochAsync(EventId cursor, StartingPoint otherwise, CancellationToken cancellationToken)
    {
        var read = await log.ReadAsync(cursor, 1, 1, cancellationToken).ConfigureAwait(false);
        return read.Status switch
        {
            LogReadStatus.Found when read.Events.Count > 0 => StartingPoint.At(cursor, false),
            LogReadStatus.Evicted or LogReadStatus.OtherEpoch => new StartingPoint(
                read.State.Oldest.Previous, false, otherwise.Gap! with { Next = read.State.Oldest }),
            _ => otherwise,
        };
    }
}

/// <summary>What a client says of where it begins.</summary>
/// <param name="Sent">The cursor as it came; nothing where it begins now.</param>
/// <param name="Cursor">The same as an id, where it is one.</param>
/// <param name="IsEarliest">All that is retained is wanted.</param>
/// <param name="Since">All that was taken at or after this time is wanted.</param>
internal readonly record struct WantedStart(string? Sent, EventId? Cursor, bool IsEarliest, DateTimeOffset? Since = null);
