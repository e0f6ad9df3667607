using System.Buffers;

namespace Buffkit.Streams;

/// <summary>
/// The html format, for pages that put an event's data into the document (htmx): HTML as it is, any other text escaped, so
/// that a payload cannot become markup by itself; binary as a data URI.
/// </summary>
internal static class HtmlSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Event(to, e.Type);
        var data = e.Data.Span;
        switch (e.Kind())
        {
            case PayloadKind.Html:
                SseField.Data(to, data);
                break;
            case PayloadKind.Binary:
                SsePayload.WriteDataUri(to, e.ContentType!, data);
                break;
            case PayloadKind.Json when data is [(byte)'"', ..]:
                SsePayload.WriteJsonString(to, data, HtmlText.WriteData);
                break;
            default:
                HtmlText.WriteData(to, data);
                break;
        }

        SseField.EndOfEvent(to, e.Id);
    }
}
