using System.Globalization;
using System.Text.Unicode;

namespace Buffkit.Streams;

/// <summary>
/// Checks percent-encoded text (RFC 3986, section 2.1) before it is read: what is no UTF-8 the framework leaves as it stands, and it
/// would be taken for other text than the sender meant.
/// </summary>
internal static class PercentEncoding
{
    /// <summary>Whether all that is escaped in a text is UTF-8; a percent sign that escapes nothing is not.</summary>
    public static bool IsUtf8(ReadOnlySpan<char> encoded)
    {
        Span<byte> run = stackalloc byte[4];
        while (encoded.IndexOf('%') is var at and >= 0)
        {
            encoded = encoded[at..];
            if (!TryReadByte(encoded, out run[0]))
                return false;
            encoded = encoded[3..];
            var following = run[0] switch { < 0x80 => 0, < 0xC0 => -1, < 0xE0 => 1, < 0xF0 => 2, _ => 3 };
            if (following < 0)
                return false;
            for (var i = 1; i <= following; i++)
            {
                if (!TryReadByte(encoded, out run[i]))
                    return false;
                encoded = encoded[3..];
            }

            if (!Utf8.IsValid(run[..(following + 1)]))
                return false;
        }

        return true;
    }

    private static bool TryReadByte(ReadOnlySpan<char> encoded, out byte value)
    {
        value = 0;
        return encoded is ['%', var high, var low, ..]
            && byte.TryParse([high, low], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
