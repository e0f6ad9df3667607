using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>An event as the fields of a stream entry, readable with <c>redis-cli</c>.</summary>
internal static class RedisLogEntry
{
    private const string TimeField = "time";
    private const string AfterField = "after";
    private const string TopicField = "topic";
    private const string TypeField = "type";
    private const string KeyField = "key";
    private const string ContentTypeField = "contenttype";
    private const string CloudEventField = "cloudevent";
    private const string TraceField = "traceparent";
    private const string DataField = "data";

    /// <summary>Adds the event's fields to a script's arguments, after their number; the script adds the times.</summary>
    public static void Write(EventDraft draft, List<RedisValue> arguments)
    {
        var count = arguments.Count;
        arguments.Add(0);
        Add(TopicField, draft.Topic.Value);
        Add(TypeField, draft.Type);
        if (draft.Key is not null)
            Add(KeyField, draft.Key);
        if (draft.ContentType is not null)
            Add(ContentTypeField, draft.ContentType);
        if (draft.CloudEvent is not null)
            Add(CloudEventField, JsonSerializer.SerializeToUtf8Bytes(draft.CloudEvent, EventJson.Default.CloudEventAttributes));
        if (draft.TraceParent is not null)
            Add(TraceField, draft.TraceParent);
        Add(DataField, draft.Data);
        arguments[count] = arguments.Count - count - 1;

        void Add(string field, RedisValue value)
        {
            arguments.Add(field);
            arguments.Add(value);
        }
    }

    /// <summary>Reads an event; an entry that this code did not write is an error that names it.</summary>
    /// <exception cref="FormatException">The entry is no event.</exception>
    public static StreamEvent Read(RedisPosition position, ReadOnlySpan<NameValueEntry> fields)
    {
        try
        {
            DateTimeOffset time = default;
            string? topic = null, type = null, key = null, contentType = null, trace = null;
            ReadOnlyMemory<byte>? data = null;
            CloudEventAttributes? cloudEvent = null;
            foreach (var field in fields)
            {
                switch (field.Name.ToString())
                {
                    case TimeField:
                        time = ReadTime(field.Value);
                        break;
                    case TopicField:
                        topic = field.Value;
                        break;
                    case TypeField:
                        type = field.Value;
                        break;
                    case KeyField:
                        key = field.Value;
                        break;
                    case ContentTypeField:
                        contentType = field.Value;
                        break;
                    case CloudEventField:
                        cloudEvent = JsonSerializer.Deserialize(((ReadOnlyMemory<byte>)field.Value).Span, EventJson.Default.CloudEventAttributes);
                        break;
                    case TraceField:
                        trace = field.Value;
                        break;
                    case DataField:
                        data = (ReadOnlyMemory<byte>)field.Value;
                        break;
                }
            }

            var draft = new EventDraft
            {
                Topic = Topic.Parse(topic ?? throw Missing(TopicField)),
                Type = type ?? throw Missing(TypeField),
                Key = key,
                ContentType = contentType,
                CloudEvent = cloudEvent,
                TraceParent = trace,
                Data = data ?? throw Missing(DataField),
                IsOwned = true,
            };
            return new StreamEvent(position.Id, time, draft);
        }
        catch (Exception e) when (e is FormatException or JsonException or OverflowException or ArgumentOutOfRangeException)
        {
            throw new FormatException($"The stream's entry {position} is not an event: {e.Message}", e);
        }
    }

    /// <summary>When Redis took an entry, in microseconds since 1970: with the position it tells an entry from another.</summary>
    public static long Stamp(ReadOnlySpan<NameValueEntry> fields) =>
        fields is [{ Name: var name, Value: var value }, ..] && name == TimeField && value.TryParse(out long stamp) ? stamp : 0;

    /// <summary>When Redis took the entry before; nothing where an entry does not say.</summary>
    public static long? After(ReadOnlySpan<NameValueEntry> fields) =>
        fields is [_, { Name: var name, Value: var value }, ..] && name == AfterField && value.TryParse(out long stamp) ? stamp : null;

    private static DateTimeOffset ReadTime(RedisValue value) =>
        DateTimeOffset.UnixEpoch.AddTicks(checked(long.Parse(value.ToString(), CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond));

    private static FormatException Missing(string field) => new($"it has no field '{field}'.");
}
