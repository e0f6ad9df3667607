namespace Buffkit.Streams;

/// <summary>Why events could not be delivered; the wire names are in <see cref="GapReasons"/>.</summary>
internal enum GapReason
{
    /// <summary>They are no longer retained.</summary>
    Evicted,

    /// <summary>The cursor is of another life of the log.</summary>
    Epoch,

    /// <summary>The cursor is none that this log issued.</summary>
    Unknown,

    /// <summary>The connection's policy skipped them.</summary>
    Limit,
}

/// <summary>A stretch of the log that is not delivered: what follows <see cref="After"/> and comes before <see cref="Next"/>.</summary>
/// <param name="After">The client's cursor; <see langword="null"/> where what it sent is not even safe to echo.</param>
/// <param name="Next">The first id that can follow.</param>
/// <param name="Reason">Why.</param>
internal sealed record Gap(string? After, EventId Next, GapReason Reason);

internal static class GapReasons
{
    public static string WireName(this GapReason reason) => reason switch
    {
        GapReason.Evicted => "evicted",
        GapReason.Epoch => "epoch",
        GapReason.Unknown => "unknown",
        _ => "limit",
    };
}
