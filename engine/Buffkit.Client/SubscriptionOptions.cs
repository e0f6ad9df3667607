namespace Buffkit.Client;

/// <summary>What one subscription asks for, and what it wants to be told.</summary>
/// <remarks>
/// Callbacks are called one after the other, in the order of the stream, while the next event is waited for: never at the same time as the
/// consumer's own code between two events. What they throw ends the subscription and reaches the consumer.
/// </remarks>
public sealed class SubscriptionOptions
{
    /// <summary>One second: what a service that was killed sees again is little, and a store is not written for each event.</summary>
    public static readonly TimeSpan DefaultCursorSaveInterval = TimeSpan.FromSeconds(1);

    /// <summary>Begins with all that is retained: for <see cref="After"/>.</summary>
    public const string Earliest = "earliest";

    /// <summary>The cursor to begin with: everything after this event, or <see cref="Earliest"/>. Where it is nothing the stream begins with what comes next.</summary>
    public string? After { get; set; }

    /// <summary>Begins with what the log took at this time or later. <see cref="After"/> wins.</summary>
    public DateTimeOffset? Since { get; set; }

    /// <summary>
    /// Loads the state that the events change, and returns its <c>Event-Cursor</c> (<see cref="EventCursor.GetEventCursor"/>): called before the first
    /// connect, and again after each gap. The stream goes on from that cursor, so nothing is missed between state and stream. Where there is no cursor
    /// it is called once more when the stream is open, before any of its events. A network that fails is tried again:
    /// <see cref="HttpRequestException"/>, <see cref="System.Net.Sockets.SocketException"/>, <see cref="IOException"/>, a time-out. Everything else that it throws ends the subscription.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? GetState { get; set; }

    /// <summary>Where the cursor is kept, so that the subscription goes on where it stopped when the process starts again.</summary>
    public ICursorStore? CursorStore { get; set; }

    /// <summary>Names the cursor in the <see cref="CursorStore"/>: one name for each subscription that reads for itself.</summary>
    /// <value>Default <c>default</c>.</value>
    public string CursorName { get; set; } = "default";

    /// <summary>
    /// The cursor is saved at most this often, and only of events that the consumer is done with: it has asked for the next. Zero saves
    /// after each.
    /// </summary>
    /// <value>Default 1 second.</value>
    public TimeSpan CursorSaveInterval { get; set; } = DefaultCursorSaveInterval;

    /// <summary>A stream begins.</summary>
    public Action<StreamOpened>? OnOpen { get; set; }

    /// <summary>All that was there when the stream began has come; what comes now is new.</summary>
    public Action<StreamLive>? OnLive { get; set; }

    /// <summary>Events could not be delivered.</summary>
    public Action<StreamGap>? OnGap { get; set; }

    /// <summary>The connection is in another state.</summary>
    public Action<ConnectionState>? OnState { get; set; }

    internal void Check()
    {
        if (CursorStore is not null && GetState is not null)
            throw new ArgumentException("A state is loaded with a cursor of its own: set GetState or CursorStore, not both.", nameof(CursorStore));
        if (CursorSaveInterval < TimeSpan.Zero)
            throw new ArgumentException("CursorSaveInterval is not negative.", nameof(CursorSaveInterval));
        ArgumentException.ThrowIfNullOrEmpty(CursorName);
    }
}
