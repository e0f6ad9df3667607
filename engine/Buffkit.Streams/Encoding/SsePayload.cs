using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>Payloads as <c>data:</c> lines.</summary>
internal static class SsePayload
{
    /// <summary>The text that a JSON string stands for, without its quotes and escapes.</summary>
    public static void WriteJsonString(IBufferWriter<byte> to, ReadOnlySpan<byte> jsonString, Action<IBufferWriter<byte>, ReadOnlySpan<byte>> write)
    {
        var text = ArrayPool<byte>.Shared.Rent(jsonString.Length);
        try
        {
            var reader = new Utf8JsonReader(jsonString);
            reader.Read();
            write(to, text.AsSpan(0, reader.CopyString(text)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    /// <summary>Bytes as a data URI (RFC 2397), on one line.</summary>
    public static void WriteDataUri(IBufferWriter<byte> to, string contentType, ReadOnlySpan<byte> data)
    {
        to.Write("data: data:"u8);
        Encoding.UTF8.GetBytes(MediaType.TryParse(contentType, out var type) ? type.ForDataUri() : MediaType.Binary, to);
        to.Write(";base64,"u8);
        var span = to.GetSpan(Base64.GetMaxEncodedToUtf8Length(data.Length));
        Base64.EncodeToUtf8(data, span, out _, out var written);
        to.Advance(written);
        to.Write("\n"u8);
    }
}
