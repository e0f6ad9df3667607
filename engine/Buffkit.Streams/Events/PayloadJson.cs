using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>How payloads are written as JSON: what came in is what goes out.</summary>
internal static class PayloadJson
{
    /// <summary>The encoder of everything that stands in a stream.</summary>
    public static readonly JavaScriptEncoder Encoder = new LeastEscapes();

    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Encoder = Encoder };

    public static readonly JsonWriterOptions Compact = new() { Encoder = Encoder };

    /// <summary>
    /// Escapes what JSON must have escaped (RFC 8259, section 7) and nothing else. The framework's least strict encoder makes twelve
    /// bytes of every emoji. Streams go to their parsers, never as they are into HTML.
    /// </summary>
    private sealed unsafe class LeastEscapes : JavaScriptEncoder
    {
        private static readonly SearchValues<byte> EscapedBytes = SearchValues.Create([.. Escaped().Select(c => (byte)c)]);
        private static readonly SearchValues<char> EscapedOrSurrogate =
            SearchValues.Create([.. Escaped(), .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

        // \u0000
        public override int MaxOutputCharactersPerInputCharacter => 6;

        public override bool WillEncode(int unicodeScalar) => unicodeScalar is < ' ' or '"' or '\\';

        public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text) => utf8Text.IndexOfAny(EscapedBytes);

        public override int FindFirstCharacterToEncode(char* text, int textLength)
        {
            var all = new ReadOnlySpan<char>(text, textLength);
            for (var from = 0; all[from..].IndexOfAny(EscapedOrSurrogate) is var next and >= 0; from += next + 2)
            {
                var at = from + next;
                // Half a pair is no text; the base class replaces it.
                if (!char.IsHighSurrogate(all[at]) || at + 1 == all.Length || !char.IsLowSurrogate(all[at + 1]))
                    return at;
            }

            return -1;
        }

        public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
        {
            var to = new Span<char>(buffer, bufferLength);
            var shortForm = unicodeScalar switch { '"' => '"', '\\' => '\\', '\n' => 'n', '\r' => 'r', '\t' => 't', '\b' => 'b', '\f' => 'f', _ => '\0' };
            if (shortForm == '\0')
                return to.TryWrite($"\\u{unicodeScalar:X4}", out numberOfCharactersWritten);
            numberOfCharactersWritten = 0;
            if (to.Length < 2)
                return false;
            (to[0], to[1], numberOfCharactersWritten) = ('\\', shortForm, 2);
            return true;
        }

        private static IEnumerable<char> Escaped() => Enumerable.Range(0, ' ').Select(c => (char)c).Append('"').Append('\\');
    }
}
