namespace Buffkit.Streams;

/// <summary>An event that the log holds.</summary>
public sealed class StreamEvent
{
    internal StreamEvent(EventId id, DateTimeOffset time, EventDraft draft)
    {
        Id = id;
        Time = time;
        Draft = draft;
        Size = OverheadBytes + draft.Data.Length + draft.Topic.Value.Length + draft.Type.Length
            + (draft.Key?.Length ?? 0) + (draft.ContentType?.Length ?? 0) + (draft.TraceParent?.Length ?? 0) + (draft.CloudEvent?.Size ?? 0);
    }

    /// <summary>The id that the log gave it.</summary>
    public EventId Id { get; }

    /// <summary>When the log took it, in UTC.</summary>
    public DateTimeOffset Time { get; }

    /// <inheritdoc cref="EventDraft.Topic"/>
    public Topic Topic => Draft.Topic;

    /// <inheritdoc cref="EventDraft.Type"/>
    public string Type => Draft.Type;

    /// <inheritdoc cref="EventDraft.Data"/>
    public ReadOnlyMemory<byte> Data => Draft.Data;

    /// <inheritdoc cref="EventDraft.ContentType"/>
    public string? ContentType => Draft.ContentType;

    /// <inheritdoc cref="EventDraft.Key"/>
    public string? Key => Draft.Key;

    internal EventDraft Draft { get; }

    /// <summary>What the event costs while it is held, in bytes: an estimate for limits, not a wire size.</summary>
    internal int Size { get; }

    // Object headers, id, time and references of an event, rounded up.
    private const int OverheadBytes = 160;
}
