using Microsoft.AspNetCore.Http;

namespace Buffkit.Streams;

/// <summary>
/// How a token travels: in a cookie that scripts cannot read for browsers, in the header <see cref="Header"/> for all others.
/// Never in a URL, where logs, histories and <c>Referer</c> would keep it.
/// </summary>
internal static class SessionCarrier
{
    /// <summary>Brings the token in a request, and the next one in its response.</summary>
    public const string Header = "Session-Token";

    /// <summary>The cookie over plain HTTP, as on a developer's machine.</summary>
    public const string PlainCookie = "event-session";

    /// <summary>The cookie over HTTPS: the prefix keeps sub-domains and plain HTTP from setting it (RFC 6265bis, section 4.1.3.2).</summary>
    public const string HostCookie = "__Host-event-session";

    /// <summary>The token that a request brings, good or not.</summary>
    public static string? Read(HttpRequest request) =>
        request.Headers.TryGetValue(Header, out var header) ? header.ToString() : request.Cookies[CookieName(request)];

    /// <summary>Gives the client its next token.</summary>
    public static void Write(HttpContext http, string token, TimeSpan lifetime)
    {
        if (TakesCookie(http.Request))
            http.Response.Cookies.Append(CookieName(http.Request), token, Attributes(http.Request, lifetime));
        else
            http.Response.Headers[Header] = token;
        // Whatever the answer is, a cache would hand the token to others with it.
        http.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>Takes the cookie back.</summary>
    public static void Delete(HttpContext http)
    {
        if (http.Request.Cookies.ContainsKey(CookieName(http.Request)))
            http.Response.Cookies.Delete(CookieName(http.Request), Attributes(http.Request, null));
    }

    private static CookieOptions Attributes(HttpRequest request, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        Secure = request.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = lifetime,
        IsEssential = true,
    };

    // A page of another site never gets a SameSite=Lax cookie back to the server; what is allowed to call uses the header.
    private static bool TakesCookie(HttpRequest request) =>
        !request.Headers.ContainsKey(Header)
        && request.Headers[BrowserRequest.FetchSite] != "cross-site"
        && (request.Cookies.ContainsKey(CookieName(request)) || BrowserRequest.Is(request));

    private static string CookieName(HttpRequest request) => request.IsHttps ? HostCookie : PlainCookie;
}
