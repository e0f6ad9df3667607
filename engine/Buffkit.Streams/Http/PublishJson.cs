using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>Reads <c>{"topic","type","data","key"?}</c> or an array of them.</summary>
internal static class PublishJson
{
    public static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static PublishBody Read(ReadOnlyMemory<byte> body, LimitsOptions limits) =>
        ReadEvents(body, limits, expectArray: null, ReadEvent);

    /// <summary>Whether a body is an event, or an array of them, rather than data that the query says the rest of.</summary>
    public static bool IsEvent(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement is { ValueKind: JsonValueKind.Array } array
                ? array.GetArrayLength() > 0 && array.EnumerateArray().All(IsEvent)
                : IsEvent(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Whoever reads it as what it is meant to be says what is wrong with it.
            return false;
        }
    }

    private static bool IsEvent(JsonElement element) =>
        element.ValueKind is JsonValueKind.Object
        && element.TryGetProperty("topic", out var topic) && topic.ValueKind is JsonValueKind.String
        && element.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String
        && element.EnumerateObject().All(member => member.Name is "topic" or "type" or "data" or "key");

    /// <summary>Reads one JSON object, or each of an array.</summary>
    /// <param name="body">The body.</param>
    /// <param name="limits">What a call may have.</param>
    /// <param name="expectArray">Whether it must be an array, where the media type says so.</param>
    /// <param name="read">Reads one object.</param>
    public static PublishBody ReadEvents(
        ReadOnlyMemory<byte> body, LimitsOptions limits, bool? expectArray, Action<JsonElement, DraftReader> read)
    {
        if (!Utf8.IsValid(body.Span))
            return PublishBody.Wrong("body", "The body is not UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            var root = document.RootElement;
            return root.ValueKind switch
            {
                JsonValueKind.Object when expectArray is not true => ReadOne(root, limits, read),
                JsonValueKind.Array when expectArray is not false => ReadMany(root, limits, read),
                _ => PublishBody.Wrong("body", expectArray switch
                {
                    true => "Send a JSON array of events.",
                    false => "Send a JSON object.",
                    null => "Send a JSON object {\"topic\",\"type\",\"data\"} or an array of them.",
                }),
            };
        }
        catch (JsonException e)
        {
            return PublishBody.Wrong("body", $"The body is not JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            return PublishBody.Wrong("body", "A member's name has half a surrogate pair, which no text has.");
        }
    }

    private static PublishBody ReadOne(JsonElement element, LimitsOptions limits, Action<JsonElement, DraftReader> read)
    {
        var (draft, problem) = Read(element, "", limits, read);
        return draft is null ? new PublishBody([], false, problem) : new PublishBody([draft], false, null);
    }

    private static PublishBody ReadMany(JsonElement array, LimitsOptions limits, Action<JsonElement, DraftReader> read)
    {
        var count = array.GetArrayLength();
        if (count == 0)
            return PublishBody.Wrong("body", "The array has no event.");
        if (limits.EventsPerPublish > 0 && count > limits.EventsPerPublish)
            return PublishBody.TooMany(count, limits);

        var drafts = new List<EventDraft>(count);
        foreach (var element in array.EnumerateArray())
        {
            var (draft, problem) = Read(element, $"[{drafts.Count}]", limits, read);
            if (draft is null)
                return new PublishBody([], true, problem);
            drafts.Add(draft);
        }

        return new PublishBody(drafts, true, null);
    }

    private static (EventDraft? Draft, IResult? Problem) Read(
        JsonElement element, string place, LimitsOptions limits, Action<JsonElement, DraftReader> read)
    {
        if (element.ValueKind is not JsonValueKind.Object)
            return (null, EventStreamProblems.Invalid(place, "An event is a JSON object."));
        var draft = new DraftReader(place.Length == 0 ? "" : place + ".", limits);
        read(element, draft);
        return draft.Complete();
    }

    private static void ReadEvent(JsonElement element, DraftReader draft)
    {
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Name)
            {
                case "topic":
                    draft.TopicText = draft.ReadString(member.Name, member.Value);
                    break;
                case "type":
                    draft.Type = draft.ReadString(member.Name, member.Value);
                    break;
                case "key":
                    draft.Key = member.Value.ValueKind is JsonValueKind.Null ? null : draft.ReadString(member.Name, member.Value);
                    break;
                case "data":
                    draft.ReadJsonData(member.Name, member.Value);
                    break;
                default:
                    if (draft.HasManyErrors)
                        return;
                    // A misspelt "data" would be an event that lost its payload.
                    draft.Error(member.Name, "An event has the members topic, type, data and key.");
                    break;
            }
        }
    }
}
