namespace Buffkit.Streams;

/// <summary>Finds a place by time among events whose sequences have no holes, without an index over times.</summary>
/// <remarks>
/// A clock that went back puts a few events out of order: what is found is then one of the places where the time is passed.
/// </remarks>
internal static class Bisection
{
    /// <summary>Finds the first sequence that is not before what is looked for.</summary>
    /// <param name="low">The first that comes into question.</param>
    /// <param name="high">The one after the last: what is returned where all are before.</param>
    /// <param name="isBefore">
    /// Whether an event is; nothing where that cannot be told now. One that is gone meanwhile is: it is older than all that is left.
    /// </param>
    /// <returns>Nothing where it could not be told of an event.</returns>
    public static async ValueTask<long?> FindFirstAsync(long low, long high, Func<long, ValueTask<bool?>> isBefore)
    {
        while (low < high)
        {
            var middle = low + ((high - low) >> 1);
            if (await isBefore(middle).ConfigureAwait(false) is not { } isIt)
                return null;
            (low, high) = isIt ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
