namespace Buffkit.Streams.Redis;

internal static class RedisBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50);

    // So that a server that is back, or another that takes over, is found within 3 seconds in any case.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>The waits before a Redis that is away is asked again.</summary>
    public static Backoff Begin() => new(First, Longest);
}
