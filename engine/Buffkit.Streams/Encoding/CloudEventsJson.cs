using System.Buffers;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>
/// CloudEvents 1.0 in the JSON format. <c>id</c> is the event id, so that a client has its cursor in every form; the topic
/// travels in the extension <c>topic</c>.
/// </summary>
internal static class CloudEventsJson
{
    /// <summary>The source of events that did not come as CloudEvents.</summary>
    public const string DefaultSource = "/events";

    /// <summary>The source of control events, whose ids are cursors: source and id together name one event only.</summary>
    public const string ControlSource = "/events#control";

    /// <summary>
    /// The source of <c>stream.live</c>. Its id is the client's cursor, so that it moves none, and would otherwise be that of another
    /// control event.
    /// </summary>
    public const string LiveSource = "/events#live";

    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        var attributes = e.Draft.CloudEvent;
        using var json = new Utf8JsonWriter(to, PayloadJson.Compact);
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, e.Id.ToString());
        json.WriteString("source"u8, attributes?.Source ?? DefaultSource);
        json.WriteString("type"u8, e.Type);
        if (attributes?.Time is { } time)
            json.WriteString("time"u8, time);
        else
            json.WriteString("time"u8, e.Time);
        json.WriteString("topic"u8, e.Topic.Value);
        if (e.Key is { } key)
            json.WriteString("key"u8, key);
        if (attributes?.Subject is { } subject)
            json.WriteString("subject"u8, subject);
        if (attributes?.DataSchema is { } schema)
            json.WriteString("dataschema"u8, schema);
        if (attributes?.Id is { } originId)
            json.WriteString(CloudEventAttributes.OriginId, originId);
        foreach (var extension in attributes?.Extensions ?? [])
            WriteExtension(json, extension);
        if (e.Draft.TraceParent is { } trace && attributes is not { HasTrace: true })
            json.WriteString(CloudEventAttributes.TraceParentName, trace);
        WriteData(json, e);
        json.WriteEndObject();
    }

    public static void WriteGap(IBufferWriter<byte> to, Gap gap) =>
        WriteControl(to, EventType.Gap, gap.Next.Previous.ToString(), gap, ControlEvents.WriteMembers);

    /// <summary>A control event, for transports whose every message is a CloudEvent.</summary>
    public static void WriteControl<T>(
        IBufferWriter<byte> to, string type, string id, T value, Action<Utf8JsonWriter, T> members, string source = ControlSource)
    {
        using var json = new Utf8JsonWriter(to, PayloadJson.Compact);
        json.WriteStartObject();
        json.WriteString("specversion"u8, "1.0"u8);
        json.WriteString("id"u8, id);
        json.WriteString("source"u8, source);
        json.WriteString("type"u8, type);
        json.WriteString("datacontenttype"u8, "application/json"u8);
        json.WriteStartObject("data"u8);
        members(json, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteExtension(Utf8JsonWriter json, CloudEventExtension extension)
    {
        if (extension.Type is CloudEventValueType.Text)
        {
            json.WriteString(extension.Name, extension.Value);
            return;
        }

        json.WritePropertyName(extension.Name);
        json.WriteRawValue(extension.Value);
    }

    private static void WriteData(Utf8JsonWriter json, StreamEvent e)
    {
        var data = e.Data.Span;
        var kind = e.Kind();
        if (kind is PayloadKind.Json && data.IsEmpty)
            return;
        json.WriteString("datacontenttype"u8, e.ContentType ?? e.Draft.CloudEvent?.DataContentType ?? "application/json");
        switch (kind)
        {
            case PayloadKind.Json:
                json.WritePropertyName("data"u8);
                json.WriteRawValue(data, skipInputValidation: true);
                break;
            case PayloadKind.Binary:
                json.WriteBase64String("data_base64"u8, data);
                break;
            default:
                json.WriteString("data"u8, data);
                break;
        }
    }
}
