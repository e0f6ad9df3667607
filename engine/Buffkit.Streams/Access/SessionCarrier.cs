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

    /// <summary>The token that a request brings, good or not: of the way by which its client is given them, else of the other.</summary>
    public static string? Read(HttpRequest request, IList<string> corsOrigins)
    {
        var header = request.Headers.TryGetValue(Header, out var values) ? values.ToString() : null;
        var cookie = request.Cookies[CookieName(request)];
        return TakesCookie(request, corsOrigins) ? cookie ?? header : header ?? cookie;
    }

    /// <summary>Gives the client its next token.</summary>
    public static void Write(HttpContext http, string token, TimeSpan lifetime, IList<string> corsOrigins)
    {
        if (TakesCookie(http.Request, corsOrigins))
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

    // A page of another site never gets a SameSite=Lax cookie back to the server, so pages that are allowed to call use the header.
    // A script of an own page gets the cookie whatever it sends: what scripts can read can be taken elsewhere.
    private static bool TakesCookie(HttpRequest request, IList<string> corsOrigins) =>
        request.Headers[BrowserRequest.FetchSite] != "cross-site"
        && !corsOrigins.Contains(request.Headers.Origin.ToString())
        && (request.Cookies.ContainsKey(CookieName(request)) || BrowserRequest.Is(request));

    private static string CookieName(HttpRequest request) => request.IsHttps ? HostCookie : PlainCookie;
}
