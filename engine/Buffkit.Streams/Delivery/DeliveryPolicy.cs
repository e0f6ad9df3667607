namespace Buffkit.Streams;

/// <summary>
/// What happens to a connection that does not keep up: more than <see cref="DeliveryOptions.MaxPendingBytes"/> waited for it, it
/// has taken them, and after <see cref="DeliveryOptions.Patience"/> again as much waits. A burst alone only makes it read by its
/// cursor for a moment.
/// </summary>
public enum DeliveryPolicy
{
    /// <summary>It falls back to its cursor and reads the log at its own pace: it loses nothing that is retained.</summary>
    CatchUp,

    /// <summary>It jumps to the newest event that waits; the gap is announced.</summary>
    Skip,

    /// <summary>
    /// As <see cref="CatchUp"/>, but while it reads the tail the newest event per topic and key stands for all with that key;
    /// events without a key all stay.
    /// </summary>
    Conflate,

    /// <summary>It is closed with a long retry, and comes back with its cursor.</summary>
    Disconnect,
}
