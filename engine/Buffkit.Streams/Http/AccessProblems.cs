using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Streams;

/// <summary>Answers to callers who may not.</summary>
internal static class AccessProblems
{
    // Whoever may not now may not in a moment either; a page that has logged its user in connects anew by itself.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMinutes(1);

    /// <summary>Nobody is known to call, and that is not enough.</summary>
    public static async ValueTask<IResult> UnauthenticatedAsync(HttpContext http, string detail)
    {
        // A 401 names a scheme (RFC 9110, section 11.6.1). The scheme's own challenge may be a redirect to a login page,
        // which no client of a stream could follow.
        var schemes = http.RequestServices.GetService<IAuthenticationSchemeProvider>();
        var scheme = schemes is null ? null : await schemes.GetDefaultChallengeSchemeAsync();
        return new Challenge(scheme?.Name ?? "Bearer", detail);
    }

    /// <summary>The caller is known, and may not.</summary>
    public static IResult Forbidden(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);

    /// <summary>The same for a client that reads no status: each comes back at its own moment between a minute and two.</summary>
    /// <returns>Nothing where the problem is another.</returns>
    public static StreamClose? ToClose(IResult? problem) => (problem as IStatusCodeHttpResult)?.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => Close(CloseReason.Unauthenticated),
        StatusCodes.Status403Forbidden => Close(CloseReason.Forbidden),
        _ => null,
    };

    private static StreamClose Close(CloseReason reason) => new(reason, ShortestWait + (ShortestWait * Random.Shared.NextDouble()));

    private sealed class Challenge(string scheme, string detail) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => StatusCodes.Status401Unauthorized;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.WWWAuthenticate = scheme;
            return TypedResults.Problem(detail, statusCode: StatusCode).ExecuteAsync(httpContext);
        }
    }
}
