namespace Buffkit.Streams;

/// <summary>What happens to a connection for which more waits than <see cref="DeliveryOptions.MaxPendingBytes"/>.</summary>
public enum DeliveryPolicy
{
    /// <summary>It falls back to its cursor and reads the log at its own pace: it loses nothing that is retained.</summary>
    CatchUp,

    /// <summary>It jumps to the newest event that waits; the gap is announced.</summary>
    Skip,

    /// <summary>
    /// Of what waits, the newest event per topic and key stands for all with that key; events without a key all stay. What
    /// is still too much after that is read by the cursor, as in <see cref="CatchUp"/>.
    /// </summary>
    Conflate,

    /// <summary>It is closed with a long retry, and comes back with its cursor.</summary>
    Disconnect,
}
