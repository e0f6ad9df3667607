using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>
/// Reads CloudEvents 1.0 over HTTP in its three modes. The topic is the extension <c>topic</c>, or <c>?topic=</c>, or the
/// subject; the conflation key is the extension <c>key</c>.
/// </summary>
internal static class PublishCloudEvents
{
    private const string HeaderPrefix = "ce-";

    /// <summary>Whether a request carries a CloudEvent in the binary mode: its attributes are headers.</summary>
    public static bool IsBinaryMode(HttpRequest request) => request.Headers.ContainsKey("ce-specversion");

    /// <summary>Structured mode: one event as JSON. Batched mode: an array of them.</summary>
    public static PublishBody ReadStructured(HttpRequest request, ReadOnlyMemory<byte> body, bool batch, LimitsOptions limits) =>
        PublishJson.ReadEvents(body, limits, batch, (element, draft) => ReadObject(request, element, draft));

    /// <summary>Binary mode: the body is the data.</summary>
    public static PublishBody ReadBinaryMode(HttpRequest request, ReadOnlyMemory<byte> body, LimitsOptions limits)
    {
        var draft = new DraftReader("", limits);
        var attributes = new Attributes(draft, HeaderPrefix);
        foreach (var (name, values) in request.Headers)
        {
            if (!name.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase))
                continue;
            if (values.Count > 1)
                draft.Error(name.ToLowerInvariant(), "An attribute is said once.");
            else if (!PercentEncoding.IsUtf8(values.ToString()))
                draft.Error(name.ToLowerInvariant(), "The value is not percent-encoded UTF-8 (CloudEvents HTTP binding, section 3.1.3.2); '%' itself is written %25.");
            else
                attributes.Set(name[HeaderPrefix.Length..].ToLowerInvariant(), (Uri.UnescapeDataString(values.ToString()), CloudEventValueType.Text));
        }

        ReadBody(request.ContentType, body, draft);
        attributes.Complete(request, request.ContentType);
        var (read, problem) = draft.Complete();
        return read is null ? new PublishBody([], false, problem) : new PublishBody([read], false, null);
    }

    private static void ReadObject(HttpRequest request, JsonElement element, DraftReader draft)
    {
        var attributes = new Attributes(draft, "");
        JsonElement? data = null;
        string? base64 = null;
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Name)
            {
                case "data":
                    data = member.Value;
                    break;
                case "data_base64":
                    base64 = draft.ReadString(member.Name, member.Value);
                    break;
                default:
                    if (member.Value.ValueKind is not JsonValueKind.Null)
                        attributes.Set(member.Name, ReadAttribute(member, draft));
                    break;
            }
        }

        if (data is not null && base64 is not null)
            draft.Error("data", "An event has data or data_base64, not both.");
        else if (base64 is not null)
            ReadBase64(base64, attributes.DataContentType, draft);
        else if (data is { } value)
            ReadData(value, attributes.DataContentType, draft);
        attributes.Complete(request);
    }

    // The JSON format knows strings, booleans and integers (section 2.2).
    private static (string? Value, CloudEventValueType Type) ReadAttribute(JsonProperty member, DraftReader draft)
    {
        switch (member.Value.ValueKind)
        {
            case JsonValueKind.True:
                return ("true", CloudEventValueType.Boolean);
            case JsonValueKind.False:
                return ("false", CloudEventValueType.Boolean);
            case JsonValueKind.Number when member.Value.TryGetInt32(out var number):
                return (number.ToString(CultureInfo.InvariantCulture), CloudEventValueType.Number);
            case JsonValueKind.String:
                return (draft.ReadString(member.Name, member.Value), CloudEventValueType.Text);
            default:
                draft.Error(member.Name, "An attribute is a JSON string, a boolean or an integer of 32 bits.");
                return default;
        }
    }

    private static void ReadData(JsonElement data, string? contentType, DraftReader draft)
    {
        if (IsJson(contentType))
        {
            draft.ReadJsonData("data", data);
            return;
        }

        draft.ContentType = contentType;
        draft.HasTextData = true;
        draft.Data = data.ValueKind is JsonValueKind.String
            ? Encoding.UTF8.GetBytes(draft.ReadString("data", data) ?? "")
            : Encoding.UTF8.GetBytes(data.GetRawText());
    }

    private static void ReadBase64(string base64, string? contentType, DraftReader draft)
    {
        try
        {
            draft.Data = Convert.FromBase64String(base64);
            draft.ContentType = contentType ?? MediaType.Binary;
        }
        catch (FormatException)
        {
            draft.Error("data_base64", "The value is not Base64.");
        }
    }

    private static void ReadBody(string? contentType, ReadOnlyMemory<byte> body, DraftReader draft)
    {
        if (!IsJson(contentType))
            PublishBinary.ReadData(contentType, body, draft);
        else if (!body.IsEmpty)
            draft.ReadJsonBody(body);
    }

    private static bool IsJson(string? contentType) => contentType is null || (MediaType.TryParse(contentType, out var type) && type.IsJson);

    /// <summary>Sorts attributes into their places.</summary>
    private sealed class Attributes(DraftReader draft, string prefix)
    {
        private readonly List<CloudEventExtension> _extensions = [];
        private string? _version;
        private string? _id;
        private string? _source;
        private string? _subject;
        private string? _dataSchema;
        private string? _time;

        public string? DataContentType { get; private set; }

        public void Set(string name, (string? Value, CloudEventValueType Type) attribute)
        {
            if (attribute.Value is not { } value)
                return;
            if (PrintableText.Check(value, name) is { } error)
            {
                draft.Error(prefix + name, error);
                return;
            }

            if (attribute.Type is not CloudEventValueType.Text && IsString(name))
            {
                draft.Error(prefix + name, "The value is a JSON string.");
                return;
            }

            switch (name)
            {
                case "specversion":
                    _version = value;
                    break;
                case "id":
                    _id = value;
                    break;
                case "source":
                    _source = value;
                    break;
                case "type":
                    draft.Type = value;
                    break;
                case "subject" when value.Length > 0:
                    _subject = value;
                    break;
                case "dataschema":
                    _dataSchema = value;
                    break;
                case "datacontenttype":
                    DataContentType = value;
                    draft.ContentTypeField = prefix + name;
                    if (MediaType.Check(value) is { } contentTypeError)
                        draft.Error(prefix + name, contentTypeError);
                    break;
                case "data" or "data_base64":
                    draft.Error(prefix + name, "This name is the payload's own.");
                    break;
                case "subject":
                    draft.Error(prefix + name, "A subject is not empty; leave it out instead.");
                    break;
                case "time" when Rfc3339.TryRead(value, out var time):
                    _time = time;
                    break;
                case "time":
                    draft.Error(prefix + name, "A time is written as in RFC 3339, with its offset, such as 2026-09-01T12:00:00Z.");
                    break;
                case CloudEventAttributes.Topic:
                    draft.TopicText = value;
                    break;
                case CloudEventAttributes.Key:
                    draft.Key = value;
                    break;
                case CloudEventAttributes.OriginId:
                    // Where an event is passed on, its present id becomes the origin of the next.
                    break;
                default:
                    SetExtension(new CloudEventExtension(name, value, attribute.Type));
                    break;
            }
        }

        public void Complete(HttpRequest request, string? bodyContentType = null)
        {
            // In the binary mode the header of the body says it (CloudEvents HTTP binding, section 3.1.1).
            if (bodyContentType is not null && DataContentType is not null && !DataContentType.Equals(bodyContentType, StringComparison.OrdinalIgnoreCase))
                draft.Error(prefix + "datacontenttype", "The media type of the body is said by Content-Type alone.");
            DataContentType ??= bodyContentType;
            draft.TopicText ??= request.Query.TryGetValue("topic", out var topic) ? topic.ToString() : _subject;
            if (_version is not "1.0")
                draft.Error(prefix + "specversion", "The version of CloudEvents that is spoken here is 1.0.");
            if (string.IsNullOrEmpty(_id))
                draft.Error(prefix + "id", "A CloudEvent has an id.");
            if (string.IsNullOrEmpty(_source))
                draft.Error(prefix + "source", "A CloudEvent has a source, a URI reference.");
            draft.CloudEvent = new CloudEventAttributes(_id ?? "", _source ?? "", _subject, _time, _dataSchema, draft.ContentType is null ? DataContentType : null, _extensions, draft.HasTextData);
        }

        private static bool IsString(string name) => name is "specversion" or "id" or "source" or "type" or "subject" or "time" or "dataschema"
            or "datacontenttype" or CloudEventAttributes.Topic or CloudEventAttributes.Key;

        private void SetExtension(CloudEventExtension extension)
        {
            if (extension.Name.Length is 0 or > 64 || extension.Name.AsSpan().ContainsAnyExcept(EventId.LowerAlphanumeric))
                draft.Error(prefix + extension.Name, "An attribute's name has 1 to 64 characters of a to z and 0 to 9.");
            else
                _extensions.Add(extension);
        }
    }
}
