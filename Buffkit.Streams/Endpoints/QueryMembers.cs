using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Buffkit.Streams;

/// <summary>
/// Checks a query before it is read: a member that nobody reads would be ignored in silence, and what is no UTF-8 would be taken
/// for other text than the sender meant.
/// </summary>
internal static class QueryMembers
{
    /// <summary>Says which member cannot be taken as it was meant, or nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="known">The members that are read.</param>
    public static IResult? Check(HttpRequest request, params ReadOnlySpan<string> known)
    {
        foreach (var member in new QueryStringEnumerable(request.QueryString.Value))
        {
            var name = member.DecodeName().ToString();
            if (!Contains(known, name))
                return EventStreamProblems.Invalid(Shown(name), $"This is not known here. Known are {string.Join(", ", known!)}.");
            if (!IsUtf8(member.EncodedValue.Span))
                return EventStreamProblems.Invalid(name, "The value is not percent-encoded UTF-8 (RFC 3986, section 2.1); '%' itself is written %25.");
        }

        return null;
    }

    private static bool Contains(ReadOnlySpan<string> known, string name)
    {
        foreach (var one in known)
        {
            // As the framework compares them when it reads them.
            if (one.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    // The answer is for a person to read, and names what came, not all of it.
    private static string Shown(string name)
    {
        const int Longest = 64;
        return name.Length > Longest ? name[..Longest] + "…" : name;
    }

    private static bool IsUtf8(ReadOnlySpan<char> encoded)
    {
        // Only escaped bytes can be wrong: a request line is ASCII.
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

            if (!System.Text.Unicode.Utf8.IsValid(run[..(following + 1)]))
                return false;
        }

        return true;
    }

    private static bool TryReadByte(ReadOnlySpan<char> encoded, out byte value)
    {
        value = 0;
        return encoded is ['%', var high, var low, ..]
            && byte.TryParse([high, low], System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out value);
    }
}
