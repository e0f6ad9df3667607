namespace Buffkit.Streams.Sql;

internal static class DatabaseBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    // A database that is back is found within two seconds.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>The waits before a database that failed is asked again.</summary>
    public static Backoff Begin() => new(First, Longest);
}
