using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>The raw format: a JSON string as its text, other JSON as it is, anything else as a data URI (RFC 2397).</summary>
internal static class RawSse
{
    public static void Write(IBufferWriter<byte> to, StreamEvent e)
    {
        SseField.Id(to, e.Id.ToString());
        SseField.Event(to, e.Type);
        var data = e.Data.Span;
        if (e.ContentType is { } contentType)
            WriteDataUri(to, contentType, data);
        else if (data.Length > 0 && data[0] == '"')
            WriteText(to, data);
        else
            SseField.Data(to, data);
        SseField.EndOfEvent(to);
    }

    private static void WriteText(IBufferWriter<byte> to, ReadOnlySpan<byte> jsonString)
    {
        var text = ArrayPool<byte>.Shared.Rent(jsonString.Length);
        try
        {
            var reader = new Utf8JsonReader(jsonString);
            reader.Read();
            SseField.Data(to, text.AsSpan(0, reader.CopyString(text)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private static void WriteDataUri(IBufferWriter<byte> to, string contentType, ReadOnlySpan<byte> data)
    {
        to.Write("data: data:"u8);
        // RFC 2397 has no white space; "text/plain; charset=utf-8" loses its own.
        Encoding.UTF8.GetBytes(contentType.Replace(" ", "", StringComparison.Ordinal), to);
        to.Write(";base64,"u8);
        var span = to.GetSpan(Base64.GetMaxEncodedToUtf8Length(data.Length));
        Base64.EncodeToUtf8(data, span, out _, out var written);
        to.Advance(written);
        to.Write("\n"u8);
    }
}
