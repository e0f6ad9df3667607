using System.Buffers;

namespace Buffkit.Streams;

/// <summary>
/// A media type (RFC 9110, section 8.3.1), read strictly: what one reader takes for <c>text/html</c> and the next for something
/// else would get past whoever judges it. The framework's own reader takes blanks around the slash and the equals sign.
/// </summary>
internal readonly struct MediaType
{
    /// <summary>Bytes of which nothing is said (RFC 2046, section 4.5.1).</summary>
    public const string Binary = "application/octet-stream";

    // Of the characters of RFC 6838, section 4.2, those that mean nothing in a URI or in HTML.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_");

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    // These are text, though their names do not begin with text/.
    private static readonly string[] TextTypes =
    [
        "application/xml", "application/xml-dtd", "application/javascript", "application/ecmascript", "application/x-www-form-urlencoded",
        "application/yaml", "application/toml", "application/sql", "application/graphql",
    ];

    private readonly string _text;
    private readonly int _end;

    private MediaType(string text, int end, string? charset) => (_text, _end, Charset) = (text, end, charset);

    /// <summary>The parameter <c>charset</c>, without quotes.</summary>
    public string? Charset { get; }

    /// <summary>Type and subtype, without parameters.</summary>
    public ReadOnlySpan<char> Essence => _text.AsSpan(0, _end);

    /// <summary>Whether the payload is JSON.</summary>
    public bool IsJson => Is("application/json") || HasSuffix("+json");

    /// <summary>Whether the payload is text in UTF-8, if its bytes are that.</summary>
    public bool IsText => HasCharsetWithinUtf8
        && (Essence.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || HasSuffix("+xml") || HasSuffix("+yaml") || IsOneOf(TextTypes));

    /// <summary>Compares type and subtype.</summary>
    public bool Is(string essence) => Essence.Equals(essence, StringComparison.OrdinalIgnoreCase);

    /// <summary>As a data URI has it: with its charset, without other parameters.</summary>
    public string ForDataUri() => Charset is { } charset && IsName(charset) ? $"{Essence};charset={charset}" : Essence.ToString();

    /// <summary>Reads a media type.</summary>
    public static bool TryParse(string? text, out MediaType type)
    {
        type = default;
        if (text is null || text.Length > EventDraft.MaxContentTypeLength)
            return false;
        var end = text.AsSpan().IndexOfAny(' ', ';');
        end = end < 0 ? text.Length : end;
        var essence = text.AsSpan(0, end);
        var slash = essence.IndexOf('/');
        if (slash < 0 || !IsName(essence[..slash]) || !IsName(essence[(slash + 1)..]) || !TryReadParameters(text.AsSpan(end), out var charset))
            return false;
        type = new MediaType(text, end, charset);
        return true;
    }

    /// <summary>Says what is wrong with a media type from outside, or nothing.</summary>
    public static string? Check(string text) =>
        TryParse(text, out _) ? null : "This is not a media type as RFC 9110 writes it, such as 'image/png', of at most 256 characters.";

    private static bool TryReadParameters(ReadOnlySpan<char> rest, out string? charset)
    {
        charset = null;
        List<string>? names = null;
        while (!rest.IsEmpty)
        {
            rest = rest.TrimStart(' ');
            if (rest is not [';', ..])
                return false;
            rest = rest[1..].TrimStart(' ');
            if (rest is [] or [';', ..])
                continue;
            var equals = rest.IndexOf('=');
            if (equals <= 0 || rest[..equals].ContainsAnyExcept(TokenCharacters) || !TryReadValue(rest[(equals + 1)..], out var length, out var value))
                return false;
            var name = rest[..equals].ToString();
            // Where a parameter comes twice, readers do not agree which one counts.
            if (names?.Contains(name, StringComparer.OrdinalIgnoreCase) is true)
                return false;
            (names ??= []).Add(name);
            if (name.Equals("charset", StringComparison.OrdinalIgnoreCase))
                charset = value;
            rest = rest[(equals + 1 + length)..];
        }

        return true;
    }

    private static bool TryReadValue(ReadOnlySpan<char> text, out int length, out string value)
    {
        if (text is not ['"', ..])
        {
            length = text.IndexOfAnyExcept(TokenCharacters);
            length = length < 0 ? text.Length : length;
            value = text[..length].ToString();
            return length > 0;
        }

        Span<char> unquoted = stackalloc char[EventDraft.MaxContentTypeLength];
        var written = 0;
        for (length = 1; length < text.Length; length++)
        {
            var c = text[length];
            if (c == '"')
            {
                length++;
                value = unquoted[..written].ToString();
                return true;
            }

            if (c == '\\' && ++length < text.Length)
                c = text[length];
            if (c is < ' ' or > '~')
                break;
            unquoted[written++] = c;
        }

        value = "";
        return false;
    }

    private bool HasCharsetWithinUtf8 => Charset is null
        || Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || Charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase);

    private bool HasSuffix(string suffix) => Essence.EndsWith(suffix, StringComparison.OrdinalIgnoreCase);

    private bool IsOneOf(string[] essences)
    {
        foreach (var essence in essences)
        {
            if (Is(essence))
                return true;
        }

        return false;
    }

    private static bool IsName(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(NameCharacters);
}
