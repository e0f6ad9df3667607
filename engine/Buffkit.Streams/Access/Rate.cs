using System.Threading.RateLimiting;

namespace Buffkit.Streams;

/// <summary>
/// A token bucket for each key. One that is full again and was left alone for ten seconds is dropped by the framework, so what is kept
/// is bounded by the rates themselves.
/// </summary>
internal sealed class Rate : IDisposable
{
    // A bucket fills up a little at a time: a client that waits gets its next turn soon.
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);

    private readonly PartitionedRateLimiter<string>? _limiter;
    private readonly int _limit;
    private readonly int _atMost;
    private readonly string _setting;
    private readonly string _unit;

    /// <param name="limit">What is allowed.</param>
    /// <param name="per">In which time.</param>
    /// <param name="setting">Says so to whoever is refused.</param>
    /// <param name="unit">What is counted.</param>
    /// <param name="atOnce">What one call may hold; it is let in however low the rate is, and those after it wait.</param>
    public Rate(int limit, TimeSpan per, string setting, string unit, int atOnce = 1)
    {
        (_limit, _atMost, _setting, _unit) = (limit, Math.Max(limit, atOnce), setting, unit);
        if (limit == 0)
            return;
        // Whole tokens first, then the time that they take: a fixed period would let 15 a second be 20.
        var tokens = (int)Math.Ceiling(limit * (ShortestPeriod / per));
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = _atMost,
            ReplenishmentPeriod = per * tokens / limit,
            TokensPerPeriod = tokens,
        };
        _limiter = PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => bucket));
    }

    public Refusal? Take(string key, int count = 1)
    {
        if (_limiter is null)
            return null;
        using var lease = _limiter.AttemptAcquire(key, Math.Min(count, _atMost));
        if (lease.IsAcquired)
            return null;
        return Refusal.OfRate(_setting, _limit, _unit, lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
    }

    public void Dispose() => _limiter?.Dispose();
}
