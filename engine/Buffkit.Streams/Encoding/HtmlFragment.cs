namespace Buffkit.Streams;

/// <summary>The media type of HTML fragments.</summary>
internal static class HtmlFragment
{
    public const string ContentType = "text/html";

    public static bool IsHtml(string? contentType) => MediaType.TryParse(contentType, out var type) && type.Is(ContentType);
}
