using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>What a publish call's body said.</summary>
/// <param name="Drafts">The events; none where there is a problem.</param>
/// <param name="IsArray">The body was an array, so the answer is one.</param>
/// <param name="Problem">What is wrong.</param>
internal readonly record struct PublishBody(IReadOnlyList<EventDraft> Drafts, bool IsArray, IResult? Problem);

/// <summary>Reads <c>{"topic","type","data","key"?}</c> or an array of them.</summary>
internal static class PublishJson
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static PublishBody Read(ReadOnlyMemory<byte> body, LimitsOptions limits)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Object => ReadOne(document.RootElement, limits),
                JsonValueKind.Array => ReadMany(document.RootElement, limits),
                _ => Wrong("body", "Send a JSON object {\"topic\",\"type\",\"data\"} or an array of them."),
            };
        }
        catch (JsonException e)
        {
            return Wrong("body", $"The body is not JSON: {e.Message}");
        }
    }

    private static PublishBody ReadOne(JsonElement element, LimitsOptions limits)
    {
        var draft = ReadEvent(element, "", limits, out var problem);
        return draft is null ? new PublishBody([], false, problem) : new PublishBody([draft], false, null);
    }

    private static PublishBody ReadMany(JsonElement array, LimitsOptions limits)
    {
        var count = array.GetArrayLength();
        if (count == 0)
            return Wrong("body", "The array has no event.");
        if (limits.EventsPerPublish > 0 && count > limits.EventsPerPublish)
            return Wrong("body", $"The array has {count} events; at most {limits.EventsPerPublish} are allowed (Streams:Limits:EventsPerPublish).");

        var drafts = new List<EventDraft>(count);
        foreach (var element in array.EnumerateArray())
        {
            var draft = ReadEvent(element, $"[{drafts.Count}].", limits, out var problem);
            if (draft is null)
                return new PublishBody([], true, problem);
            drafts.Add(draft);
        }

        return new PublishBody(drafts, true, null);
    }

    private static EventDraft? ReadEvent(JsonElement element, string path, LimitsOptions limits, out IResult? problem)
    {
        problem = null;
        if (element.ValueKind is not JsonValueKind.Object)
        {
            problem = EventStreamProblems.Invalid(path.Length == 0 ? "body" : path.TrimEnd('.'), "An event is a JSON object.");
            return null;
        }

        var errors = new Dictionary<string, string[]>();
        string? topicText = null, type = null, key = null;
        JsonElement data = default;
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Name)
            {
                case "topic":
                    topicText = ReadString(member, path, errors);
                    break;
                case "type":
                    type = ReadString(member, path, errors);
                    break;
                case "key":
                    key = member.Value.ValueKind is JsonValueKind.Null ? null : ReadString(member, path, errors);
                    break;
                case "data":
                    data = member.Value;
                    break;
                default:
                    // A misspelt "data" would be an event that lost its payload.
                    errors[path + member.Name] = ["An event has the members topic, type, data and key."];
                    break;
            }
        }

        if (!Topic.TryParse(topicText, out var topic, out var topicError))
            errors.TryAdd(path + "topic", [topicError]);
        if (EventType.Check(type) is { } typeError)
            errors.TryAdd(path + "type", [typeError]);
        if (EventDraft.CheckKey(key) is { } keyError)
            errors.TryAdd(path + "key", [keyError]);
        var payload = WritePayload(data, path, errors);

        if (errors.Count > 0)
        {
            problem = EventStreamProblems.Invalid(errors);
            return null;
        }

        if (limits.EventBytes > 0 && payload.Length > limits.EventBytes)
        {
            problem = PublishEndpoint.TooLarge(
                path + "data", $"The payload has {payload.Length} bytes; at most {limits.EventBytes} are allowed (Streams:Limits:EventBytes).");
            return null;
        }

        return new EventDraft { Topic = topic, Type = type!, Key = key, Data = payload };
    }

    private static string? ReadString(JsonProperty member, string path, Dictionary<string, string[]> errors)
    {
        try
        {
            if (member.Value.ValueKind is JsonValueKind.String)
                return member.Value.GetString();
            errors[path + member.Name] = ["The value is a JSON string."];
        }
        catch (InvalidOperationException)
        {
            errors[path + member.Name] = ["The string has half a surrogate pair, which no text has."];
        }

        return null;
    }

    private static ReadOnlyMemory<byte> WritePayload(JsonElement data, string path, Dictionary<string, string[]> errors)
    {
        if (data.ValueKind is JsonValueKind.Undefined)
            return default;
        try
        {
            var compact = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(compact, PayloadJson.Compact))
                data.WriteTo(writer);
            return compact.WrittenMemory.ToArray();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            errors[path + "data"] = ["A string has half a surrogate pair, which no text has."];
            return default;
        }
    }

    private static PublishBody Wrong(string field, string error) => new([], false, EventStreamProblems.Invalid(field, error));
}
