using System.Buffers;

namespace Buffkit.Streams;

/// <summary>A payload that is encrypted or signed as a whole: text by its nature, so it travels as text in every format.</summary>
internal static class JoseText
{
    /// <summary>The media type (RFC 7515, section 9.2.1).</summary>
    public const string ContentType = "application/jose";

    private static readonly SearchValues<byte> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    /// <summary>Whether an event's payload is one; another that only calls itself so travels as the binary that it is.</summary>
    public static bool Is(StreamEvent e) => e.ContentType is ContentType && e.Data.Length > 0 && !e.Data.Span.ContainsAnyExcept(Characters);
}
