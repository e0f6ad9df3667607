namespace Buffkit.Api;

/// <summary>What every answer tells a browser (OWASP HTTP Headers Cheat Sheet), the page and errors included.</summary>
internal static class SecurityHeaders
{
    // Scripts and styles are files of this origin, none stands in the page; nothing frames it. data: is the empty icon.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.Use((HttpContext http, RequestDelegate next) =>
        {
            // When the response starts: the answer to an exception begins with an empty set of headers.
            http.Response.OnStarting(static response => Set(((HttpResponse)response).Headers), http.Response);
            return next(http);
        });
    }

    private static Task Set(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // What is no file, and says nothing else, is of whoever asked: no cache keeps it for the next one.
        if (headers.CacheControl.Count == 0 && headers.ETag.Count == 0)
            headers.CacheControl = "no-store";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        return Task.CompletedTask;
    }
}
