namespace Buffkit.Client;

/// <summary>
/// How long the next connect waits: exponential with full jitter, so that clients which were cut together do not come back together, and
/// never less than what the server asks for.
/// </summary>
internal sealed class Backoff(TimeSpan start, TimeSpan max, Random random)
{
    /// <summary>A server that asks for more is asked again after an hour: its wish may be a mistake, and one request an hour hurts nobody.</summary>
    private static readonly TimeSpan LongestWish = TimeSpan.FromHours(1);

    private int _failures;

    /// <summary>The wait before the next try.</summary>
    /// <param name="wish">What the server asks for.</param>
    /// <param name="failed">The last try got nowhere; otherwise a good connection ended.</param>
    public TimeSpan Next(TimeSpan? wish, bool failed)
    {
        var least = wish is { } asked ? (asked < LongestWish ? asked : LongestWish) : TimeSpan.Zero;
        _failures = failed ? _failures + 1 : 0;
        // The server draws its wish at random already.
        if (!failed && wish is not null)
            return least;
        var doubled = start * Math.Pow(2, Math.Min(Math.Max(_failures - 1, 0), 20));
        return least + ((doubled < max ? doubled : max) * random.NextDouble());
    }
}
