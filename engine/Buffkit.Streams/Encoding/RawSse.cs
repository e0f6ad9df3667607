using System.Buffers;

namespace Buffkit.Streams;

/// <summary>The raw format: a JSON string as its text, other JSON and text as it is, anything else as a data URI.</summary>
internal static class RawSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Event(to, e.Type);
        var data = e.Data.Span;
        switch (e.Kind())
        {
            case PayloadKind.Binary:
                SsePayload.WriteDataUri(to, e.ContentType!, data);
                break;
            case PayloadKind.Json when data is [(byte)'"', ..]:
                SsePayload.WriteJsonString(to, data, SseField.Data);
                break;
            default:
                SseField.Data(to, data);
                break;
        }

        SseField.EndOfEvent(to, e.Id);
    }
}
