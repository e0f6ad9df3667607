using System.Buffers;

namespace Buffkit.Streams;

/// <summary>
/// Text in HTML: escaped where it would be markup, otherwise as it is. A numeric reference would not do for every character:
/// HTML reads <c>&amp;#x85;</c> as an ellipsis (WHATWG HTML, section 13.2.5.80).
/// </summary>
internal static class HtmlText
{
    // A CR would be read as LF.
    private static readonly SearchValues<byte> Escaped = SearchValues.Create("&<>\"'\r"u8);

    public static void WriteData(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        const int LongestEscape = 6;
        var escaped = ArrayPool<byte>.Shared.Rent((text.Length * LongestEscape) + 1);
        try
        {
            var written = 0;
            while (text.IndexOfAny(Escaped) is var at and >= 0)
            {
                Append(text[..at]);
                Append(Escape(text[at]));
                text = text[(at + 1)..];
            }

            Append(text);
            SseField.Data(to, escaped.AsSpan(0, written));

            void Append(ReadOnlySpan<byte> bytes)
            {
                bytes.CopyTo(escaped.AsSpan(written));
                written += bytes.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(escaped);
        }
    }

    private static ReadOnlySpan<byte> Escape(byte character) => character switch
    {
        (byte)'&' => "&amp;"u8,
        (byte)'<' => "&lt;"u8,
        (byte)'>' => "&gt;"u8,
        (byte)'"' => "&quot;"u8,
        (byte)'\'' => "&#39;"u8,
        _ => "&#13;"u8,
    };
}
