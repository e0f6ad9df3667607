using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>Tells browsers, whose native EventSource reads no status and gives up at an error, from other clients.</summary>
internal static class BrowserRequest
{
    /// <summary>Where a request comes from, as the browser knows it and a page cannot forge it (W3C Fetch Metadata).</summary>
    public const string FetchSite = "Sec-Fetch-Site";

    /// <summary>
    /// Whether a browser sent it. Fetch metadata comes over HTTPS and from this machine only, <c>Origin</c> not with every
    /// request; over plain HTTP only the name is left by which every browser calls itself. <c>Sec-Fetch-Mode</c> says nothing: Node's
    /// <c>fetch</c> sends it, too.
    /// </summary>
    public static bool Is(HttpRequest request) =>
        request.Headers.ContainsKey(FetchSite)
        || request.Headers.ContainsKey("Origin")
        || request.Headers.UserAgent.ToString().StartsWith("Mozilla/", StringComparison.Ordinal);
}
