using System.Data.Common;
using System.Text.Json;

namespace Buffkit.Streams.Sql;

/// <summary>An event as the columns of a row.</summary>
internal static class EventRows
{
    /// <summary>The columns of what a publisher says, in the order of <see cref="ReadDraft"/>.</summary>
    public const string DraftColumns = "topic, type, event_key, content_type, cloud_event, trace_parent, data";

    /// <summary>The columns of an event, in the order of <see cref="ReadEvent"/>.</summary>
    public const string EventColumns = "sequence, time, " + DraftColumns;

    public static StreamEvent ReadEvent(DbDataReader row, Epoch epoch) =>
        new(new EventId(epoch, row.GetInt64(0)), SqlTime.Read(row.GetInt64(1)), ReadDraft(row, 2));

    /// <exception cref="FormatException">What is in the row is no event.</exception>
    public static EventDraft ReadDraft(DbDataReader row, int first) => new()
    {
        Topic = Topic.Parse(row.GetString(first)),
        Type = row.GetString(first + 1),
        Key = Text(row, first + 2),
        ContentType = Text(row, first + 3),
        CloudEvent = Text(row, first + 4) is { } attributes ? JsonSerializer.Deserialize(attributes, EventJson.Default.CloudEventAttributes) : null,
        TraceParent = Text(row, first + 5),
        Data = row.GetFieldValue<byte[]>(first + 6),
        IsOwned = true,
    };

    /// <summary>Whether reading failed because what is in the row is no event: anybody may write to the table.</summary>
    public static bool IsNoEvent(Exception e) =>
        e is FormatException or ArgumentException or JsonException or InvalidCastException or OverflowException;

    /// <summary>The values of <see cref="DraftColumns"/>.</summary>
    public static object?[] Values(EventDraft draft) =>
        [draft.Topic.Value, draft.Type, draft.Key, draft.ContentType, CloudEvent(draft), draft.TraceParent, Data(draft)];

    public static string? CloudEvent(EventDraft draft) =>
        draft.CloudEvent is { } attributes ? JsonSerializer.Serialize(attributes, EventJson.Default.CloudEventAttributes) : null;

    public static byte[] Data(EventDraft draft) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(draft.Data, out var whole) && whole.Offset == 0 && whole.Count == whole.Array!.Length
            ? whole.Array
            : draft.Data.ToArray();

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>Times as the tables hold them: microseconds since 1970, since the databases' own types differ in range and zone.</summary>
internal static class SqlTime
{
    public static long Write(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static long Write(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Read(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
