using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Streams;

/// <summary>Answers to callers who may not.</summary>
internal static class AccessProblems
{
    /// <summary>Nobody is known to call, and that is not enough.</summary>
    public static async ValueTask<IResult> UnauthenticatedAsync(HttpContext http, string detail)
    {
        // A 401 names a scheme (RFC 9110, section 11.6.1). The scheme's own challenge may be a redirect to a login page,
        // which no client of a stream could follow.
        var schemes = http.RequestServices.GetService<IAuthenticationSchemeProvider>();
        var scheme = schemes is null ? null : await schemes.GetDefaultChallengeSchemeAsync();
        http.Response.Headers.WWWAuthenticate = scheme?.Name ?? "Bearer";
        return TypedResults.Problem(detail, statusCode: StatusCodes.Status401Unauthorized);
    }

    /// <summary>The caller is known, and may not.</summary>
    public static IResult Forbidden(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status403Forbidden);
}
