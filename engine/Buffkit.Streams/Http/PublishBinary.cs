using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>Reads a body of any media type, JSON too, as one event's payload; <c>?topic=</c>, <c>?type=</c> and <c>?key=</c> say the rest.</summary>
internal static class PublishBinary
{
    public static PublishBody Read(HttpRequest request, ReadOnlyMemory<byte> body, LimitsOptions limits)
    {
        var draft = new DraftReader("", limits)
        {
            TopicText = request.Query["topic"].ToString(),
            Type = request.Query["type"].ToString(),
            Key = request.Query.TryGetValue("key", out var key) ? key.ToString() : null,
        };
        if (MediaType.TryParse(request.ContentType, out var type) && type.IsJson)
        {
            // Without a media type of its own it is application/json.
            draft.ContentType = type.Is("application/json") ? null : request.ContentType;
            draft.ReadJsonBody(body);
        }
        else
        {
            ReadData(request.ContentType, body, draft);
        }

        var (read, problem) = draft.Complete();
        return read is null ? new PublishBody([], false, problem) : new PublishBody([read], false, null);
    }

    public static void ReadData(string? contentType, ReadOnlyMemory<byte> body, DraftReader draft)
    {
        draft.ContentType = string.IsNullOrEmpty(contentType) ? MediaType.Binary : contentType;
        draft.Data = body;
    }
}
