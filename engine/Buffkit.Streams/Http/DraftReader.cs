using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>
/// Gathers the parts of one event from outside, whichever form they came in, and says everything that is wrong with them at
/// once, each under its field's name.
/// </summary>
/// <param name="path">Where the event stands in the body, such as <c>[3].</c>, or nothing.</param>
/// <param name="limits">What an event may have.</param>
internal sealed class DraftReader(string path, LimitsOptions limits)
{
    // An answer is for a person to read; a hostile body could have hundreds of thousands of wrong members.
    private const int MaxErrors = 10;
    private const int MaxNameLength = 64;

    private readonly Dictionary<string, string[]> _errors = [];

    public string? TopicText { get; set; }

    public string? Type { get; set; }

    public string? Key { get; set; }

    public string? ContentType { get; set; }

    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>Data of another media type than JSON came as a JSON string.</summary>
    public bool HasTextData { get; set; }

    public CloudEventAttributes? CloudEvent { get; set; }

    /// <summary>Notes what is wrong with a field; the first word stands.</summary>
    public void Error(string field, string error)
    {
        if (_errors.Count < MaxErrors)
            _errors.TryAdd(path + (field.Length > MaxNameLength ? field[..MaxNameLength] + "…" : field), [error]);
    }

    /// <summary>Enough is wrong; the rest need not be read.</summary>
    public bool HasManyErrors => _errors.Count >= MaxErrors;

    /// <summary>The field's name where the content type came from, for errors.</summary>
    public string ContentTypeField { get; set; } = "Content-Type";

    /// <summary>Reads a JSON string.</summary>
    public string? ReadString(string field, JsonElement value)
    {
        try
        {
            if (value.ValueKind is JsonValueKind.String)
                return value.GetString();
            Error(field, "The value is a JSON string.");
        }
        catch (InvalidOperationException)
        {
            Error(field, "The string has half a surrogate pair, which no text has.");
        }

        return null;
    }

    /// <summary>Reads a payload that is JSON, and makes it compact.</summary>
    public void ReadJsonData(string field, JsonElement value)
    {
        try
        {
            var compact = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(compact, PayloadJson.Compact))
                value.WriteTo(writer);
            Data = compact.WrittenMemory.ToArray();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            Error(field, "A string has half a surrogate pair, which no text has.");
        }
    }

    /// <summary>Reads a body that is JSON as a whole, as its media type says.</summary>
    public void ReadJsonBody(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            Error("body", "The content type says JSON, but the body is not UTF-8.");
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(body, PublishJson.Strict);
            ReadJsonData("body", document.RootElement);
        }
        catch (InvalidOperationException)
        {
            Error("body", "A member's name has half a surrogate pair, which no text has.");
        }
        catch (JsonException e)
        {
            Error("body", $"The content type says JSON, but: {e.Message}");
        }
    }

    /// <summary>Makes the event, or the answer that says why there is none.</summary>
    public (EventDraft? Draft, IResult? Problem) Complete()
    {
        if (!Topic.TryParse(TopicText, out var topic, out var topicError))
            Error("topic", topicError);
        if (EventType.Check(Type) is { } typeError)
            Error("type", typeError);
        if (EventDraft.CheckKey(Key) is { } keyError)
            Error("key", keyError);
        if (ContentType is not null && MediaType.Check(ContentType) is { } contentTypeError)
            Error(ContentTypeField, contentTypeError);
        if (_errors.Count > 0)
            return (null, EventStreamProblems.Invalid(_errors));

        // The attributes of a CloudEvent travel and are stored as the payload is.
        var bytes = Data.Length + (CloudEvent?.Size ?? 0);
        if (limits.EventBytes > 0 && bytes > limits.EventBytes)
        {
            return (null, EventStreamProblems.TooLarge(
                path + "data", $"The event has {bytes} bytes; at most {limits.EventBytes} are allowed (Streams:Limits:EventBytes)."));
        }

        return (new EventDraft { Topic = topic, Type = Type!, Key = Key, ContentType = ContentType, Data = Data, CloudEvent = CloudEvent, IsOwned = true }, null);
    }
}
