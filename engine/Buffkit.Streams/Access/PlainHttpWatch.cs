using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>
/// Says once when a session's cookie leaves over plain HTTP outside Development: without <c>Secure</c> it travels readably, and
/// whoever is on the way can take it.
/// </summary>
internal sealed partial class PlainHttpWatch(IHostEnvironment environment, ILogger<PlainHttpWatch> logger)
{
    private bool _said;

    /// <summary>Looks at a response into which a token was just written.</summary>
    public void Look(HttpContext http)
    {
        if (http.Request.IsHttps || environment.IsDevelopment() || Volatile.Read(ref _said) || !HasCookie(http.Response))
            return;
        if (!Interlocked.Exchange(ref _said, true))
            Log.PlainHttp(logger);
    }

    private static bool HasCookie(HttpResponse response) =>
        response.Headers.SetCookie.Any(cookie => cookie?.StartsWith($"{SessionCarrier.PlainCookie}=", StringComparison.Ordinal) is true);

    private static partial class Log
    {
        [LoggerMessage(EventIds.PlainHttp, LogLevel.Warning,
            "A session's cookie was sent over plain HTTP, without Secure: others on the way can take it. Serve HTTPS; where a proxy ends TLS, name it in Streams:Proxies and let it send X-Forwarded-Proto.")]
        public static partial void PlainHttp(ILogger logger);
    }

    /// <summary>Ids of security events in the log, for alerts.</summary>
    private static class EventIds
    {
        public const int PlainHttp = 105;
    }
}
