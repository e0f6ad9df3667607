using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace Buffkit.Streams;

/// <summary>The media type of a binary payload. It is written into lines of the stream, so only plain ones are taken.</summary>
internal static class PayloadMediaType
{
    // Of the characters of RFC 6838, section 4.2, those that mean nothing in a URI or in HTML.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_");

    public static string? Check(string contentType)
    {
        const string Error = "This is not a media type, such as 'image/png', of at most 256 characters.";
        return contentType.Length <= EventDraft.MaxContentTypeLength
            && PrintableText.Check(contentType, "media type") is null
            && MediaTypeHeaderValue.TryParse(contentType, out var type)
            && IsName(type.Type.AsSpan())
            && IsName(type.SubType.AsSpan())
            ? null
            : Error;
    }

    /// <summary>The media type as a data URI has it: with its charset, without other parameters.</summary>
    public static string ForDataUri(string contentType)
    {
        var type = MediaTypeHeaderValue.Parse(contentType);
        return IsName(type.Charset.AsSpan()) ? $"{type.MediaType};charset={type.Charset}" : type.MediaType.ToString();
    }

    private static bool IsName(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(NameCharacters);
}
