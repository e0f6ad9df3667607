namespace Buffkit.Streams.Sql;

/// <summary>How long to wait before a database that failed is asked again: longer each time, never so long that its return goes unnoticed.</summary>
internal struct Retries
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private TimeSpan _next;

    /// <summary>The next wait, drawn so that many servers do not come at once.</summary>
    public TimeSpan Next()
    {
        _next = _next == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, Longest.Ticks));
        return _next * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    public void Reset() => _next = TimeSpan.Zero;
}
