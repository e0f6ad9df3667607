using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>Reads CloudEvents 1.0 in the JSON format, events and control events.</summary>
internal static class CloudEventReader
{
    // Its id is of no place in the log: it moves no cursor.
    private const string LiveType = "stream.live";
    private const string CloseType = "stream.close";

    /// <returns>Nothing for what is no CloudEvent.</returns>
    public static Received? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static Received? Read(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object || !root.TryGetProperty("specversion", out _)
            || TextOf(root, "id") is not { } id || TextOf(root, "type") is not { } type)
        {
            return null;
        }

        var kind = Received.KindOf(type);
        if (kind is not ReceivedKind.Event)
        {
            var control = ControlData.Read(root.TryGetProperty("data", out var said) ? said : default);
            return new Received(kind, type is LiveType or CloseType ? null : id, Control: control);
        }

        return new Received(ReceivedKind.Event, id, ReadEvent(root, id, type));
    }

    private static StreamEvent ReadEvent(JsonElement root, string id, string type)
    {
        string? topic = null, key = null, source = null, contentType = null;
        DateTimeOffset? time = null;
        ReadOnlyMemory<byte> data = default;
        JsonElement? value = null;
        Dictionary<string, string>? attributes = null;
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "specversion" or "id" or "type":
                    break;
                case "topic":
                    topic = TextOf(member.Value);
                    break;
                case "key":
                    key = TextOf(member.Value);
                    break;
                case "source":
                    source = TextOf(member.Value);
                    break;
                case "datacontenttype":
                    contentType = TextOf(member.Value);
                    break;
                case "time":
                    time = DateTimeOffset.TryParse(TextOf(member.Value), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read) ? read : null;
                    break;
                case "data":
                    value = member.Value;
                    break;
                case "data_base64":
                    data = member.Value.TryGetBytesFromBase64(out var bytes) ? bytes : default;
                    break;
                default:
                    (attributes ??= [])[member.Name] = TextOf(member.Value) ?? "";
                    break;
            }
        }

        if (value is { } given)
            data = ReadData(given, contentType);
        return new StreamEvent
        {
            Id = id, Type = type, Topic = topic, Key = key, Source = source, Time = time, ContentType = contentType, Data = data,
            IsEncrypted = MediaTypes.Is(contentType, MediaTypes.Jose), Attributes = attributes ?? StreamEvent.EmptyAttributes,
        };
    }

    // Text stands in a JSON string; JSON as itself (CloudEvents JSON format, section 3.1).
    private static ReadOnlyMemory<byte> ReadData(JsonElement value, string? contentType) =>
        value.ValueKind is JsonValueKind.String && contentType is not null && !MediaTypes.IsJson(contentType)
            ? Encoding.UTF8.GetBytes(value.GetString()!)
            : Encoding.UTF8.GetBytes(value.GetRawText());

    private static string? TextOf(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? TextOf(value) : null;

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
