namespace Buffkit.Streams.Redis;

/// <summary>
/// How long to wait before a server that is away is asked again: doubled each time, and drawn at random, so that the nodes
/// of a system do not all come at once when it is back ("full jitter").
/// </summary>
internal struct RedisBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);

    // So that a server that is back, or another that takes over, is found within 3 seconds in any case.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private int _attempts;

    public void Reset() => _attempts = 0;

    public TimeSpan Next()
    {
        var ceiling = TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << Math.Min(_attempts++, 16)));
        return TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * ceiling.TotalMilliseconds);
    }
}
