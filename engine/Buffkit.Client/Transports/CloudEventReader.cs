using System.Globalization;
using System.Runtime.InteropServices;
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
            using var document = WireJson.Parse(json);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static Received? Read(JsonElement root)
    {
        if (root.ValueKind is not JsonValueKind.Object)
            return null;
        string? version = null, id = null, type = null, topic = null, key = null, source = null, contentType = null;
        DateTimeOffset? time = null;
        ReadOnlyMemory<byte> data = default;
        JsonElement? value = null;
        Dictionary<string, string>? attributes = null;
        foreach (var member in root.EnumerateObject())
        {
            switch (WireJson.Name(member))
            {
                case null:
                    break;
                case "specversion":
                    version = TextOf(member.Value);
                    break;
                case "id":
                    id = TextOf(member.Value);
                    break;
                case "type":
                    type = TextOf(member.Value);
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
                    data = member.Value.ValueKind is JsonValueKind.String && member.Value.TryGetBytesFromBase64(out var bytes) ? bytes : default;
                    break;
                case var name:
                    (attributes ??= [])[name] = TextOf(member.Value) ?? "";
                    break;
            }
        }

        if (version is null || id is null || type is null)
            return null;
        var kind = Received.KindOf(type);
        if (kind is not ReceivedKind.Event)
            return new Received(kind, type is LiveType or CloseType ? null : id, Control: ControlData.Read(value ?? default));
        if (value is { } given)
            data = ReadData(given, contentType);
        return new Received(ReceivedKind.Event, id, new StreamEvent
        {
            Id = id, Type = type, Topic = topic, Key = key, Source = source, Time = time, ContentType = contentType, Data = data,
            IsEncrypted = MediaTypes.Is(contentType, MediaTypes.Jose), Attributes = attributes ?? StreamEvent.EmptyAttributes,
        });
    }

    // Text stands in a JSON string; JSON as itself (CloudEvents JSON format, section 3.1).
    private static ReadOnlyMemory<byte> ReadData(JsonElement value, string? contentType) =>
        value.ValueKind is JsonValueKind.String && contentType is not null && !MediaTypes.IsJson(contentType)
            ? Encoding.UTF8.GetBytes(WireJson.Text(value))
            : JsonMarshal.GetRawUtf8Value(value).ToArray();

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => WireJson.Text(value),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
