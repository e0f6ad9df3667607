using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>Writes events as CloudEvents 1.0 in the JSON format, which carries every payload and the trace.</summary>
internal static class PublishBody
{
    public const string One = "application/cloudevents+json";

    public const string Many = MediaTypes.Batch;

    /// <param name="events">The events.</param>
    /// <param name="isBatch">An array of them.</param>
    /// <param name="source">The CloudEvents source.</param>
    /// <param name="key">Makes the ids, which must be the same when the same is published again, and has the trace.</param>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<EventToPublish> events, bool isBatch, string source, PublishKey key)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        if (isBatch)
            json.WriteStartArray();
        for (var i = 0; i < events.Count; i++)
            Write(json, events[i], string.Create(CultureInfo.InvariantCulture, $"{key.Name}/{i}"), source, key);
        if (isBatch)
            json.WriteEndArray();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, EventToPublish e, string id, string source, PublishKey publish)
    {
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, id);
        json.WriteString("source"u8, source);
        json.WriteString("type"u8, e.Type);
        json.WriteString("topic"u8, e.Topic);
        if (e.Key is { } key)
            json.WriteString("key"u8, key);
        // CloudEvents distributed tracing extension; whoever gets the event goes on with this trace.
        if (publish.TraceParent is { } parent)
            json.WriteString("traceparent"u8, parent);
        if (publish.TraceState is { } state)
            json.WriteString("tracestate"u8, state);
        if (e.ContentType is { } contentType)
            json.WriteString("datacontenttype"u8, contentType);
        if (e.ContentType is not null && MediaTypes.IsJson(e.ContentType))
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(e.Data.Span);
        }
        else
        {
            json.WriteBase64String("data_base64"u8, e.Data.Span);
        }

        json.WriteEndObject();
    }
}
