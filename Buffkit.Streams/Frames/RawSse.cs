using System.Buffers;

namespace Buffkit.Streams;

/// <summary>The raw format: a JSON string as its text, other JSON as it is, anything else as a data URI.</summary>
internal static class RawSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Id(to, e.Id);
        SseField.Event(to, e.Type);
        var data = e.Data.Span;
        if (JoseText.Is(e))
            SseField.Data(to, data);
        else if (e.ContentType is { } contentType)
            SsePayload.WriteDataUri(to, contentType, data);
        else if (data.Length > 0 && data[0] == '"')
            SsePayload.WriteJsonString(to, data, SseField.Data);
        else
            SseField.Data(to, data);
        SseField.EndOfEvent(to);
    }
}
