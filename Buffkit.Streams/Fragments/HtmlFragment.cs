namespace Buffkit.Streams;

/// <summary>The media type of HTML fragments.</summary>
internal static class HtmlFragment
{
    public const string ContentType = "text/html";

    public static bool IsHtml(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or ' ');
}
