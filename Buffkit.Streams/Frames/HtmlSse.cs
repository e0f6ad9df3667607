using System.Buffers;
using System.Text.Encodings.Web;

namespace Buffkit.Streams;

/// <summary>
/// The html format, for pages that put an event's data into the document (htmx): HTML as it is, any other text escaped, so
/// that a payload cannot become markup by itself; binary as a data URI.
/// </summary>
internal static class HtmlSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Id(to, e.Id);
        SseField.Event(to, e.Type);
        var data = e.Data.Span;
        if (HtmlFragment.IsHtml(e.ContentType) || JoseText.Is(e))
            SseField.Data(to, data);
        else if (e.ContentType is { } contentType)
            SsePayload.WriteDataUri(to, contentType, data);
        else if (data.Length > 0 && data[0] == '"')
            SsePayload.WriteJsonString(to, data, WriteEscaped);
        else
            WriteEscaped(to, data);
        SseField.EndOfEvent(to);
    }

    private static void WriteEscaped(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        // The encoder writes a line break as &#xA;, which HTML reads back as one.
        const int LongestEscape = 10;
        var escaped = ArrayPool<byte>.Shared.Rent((text.Length * LongestEscape) + 1);
        try
        {
            HtmlEncoder.Default.EncodeUtf8(text, escaped, out _, out var written);
            SseField.Data(to, escaped.AsSpan(0, written));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(escaped);
        }
    }
}
