namespace Buffkit.Streams;

/// <summary>Finds events of the log by the time at which it took them: ids have no holes, so halving finds the place.</summary>
internal sealed class LogByTime(IEventLog log)
{
    /// <summary>Finds the first event that was taken at or after a time.</summary>
    /// <returns>Its sequence; the next one that will be given, where there is none yet; the oldest, where the log begins later.</returns>
    /// <remarks>
    /// A clock that went back puts a few events out of order: what is found is then one of the places where the time is passed.
    /// </remarks>
    public async ValueTask<long> FindAsync(DateTimeOffset since, LogState state, CancellationToken cancellationToken)
    {
        var (low, high) = (state.Oldest.Sequence, state.Latest.Sequence + 1);
        while (low < high)
        {
            var middle = low + ((high - low) >> 1);
            var read = await log.ReadAsync(state.Latest with { Sequence = middle - 1 }, 1, 1, cancellationToken).ConfigureAwait(false);
            // What is gone meanwhile is older than all that is left.
            if (read is not { Status: LogReadStatus.Found, Events: [var e, ..] } || e.Time < since)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
