using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Buffkit.Streams;

/// <summary>Reads a body of any media type as one event's payload; <c>?topic=</c>, <c>?type=</c> and <c>?key=</c> say the rest.</summary>
internal static class PublishBinary
{
    /// <summary>What bytes without a media type are (RFC 9110, section 8.3).</summary>
    public const string DefaultContentType = "application/octet-stream";

    public static PublishBody Read(HttpRequest request, ReadOnlyMemory<byte> body, LimitsOptions limits)
    {
        var draft = new DraftReader("", limits)
        {
            TopicText = request.Query["topic"].ToString(),
            Type = request.Query["type"].ToString(),
            Key = request.Query.TryGetValue("key", out var key) ? key.ToString() : null,
        };
        ReadData(request.ContentType, body, draft);
        var (read, problem) = draft.Complete();
        return read is null ? new PublishBody([], false, problem) : new PublishBody([read], false, null);
    }

    public static void ReadData(string? contentType, ReadOnlyMemory<byte> body, DraftReader draft)
    {
        draft.ContentType = string.IsNullOrEmpty(contentType) ? DefaultContentType : contentType;
        draft.Data = body;
        CheckContentType(draft.ContentType, "Content-Type", draft);
    }

    // It is written into a line of the stream.
    public static void CheckContentType(string contentType, string field, DraftReader draft)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out _) || PrintableText.Check(contentType, field) is not null)
            draft.Error(field, "This is not a media type, such as 'image/png'.");
    }
}
