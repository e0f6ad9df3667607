using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Buffkit.Streams;

/// <summary>Answers to requests that cannot be served: problem+json (RFC 9457) that names the field and says what to do.</summary>
internal static class EventStreamProblems
{
    /// <summary>A field of the request is wrong.</summary>
    public static ProblemHttpResult Invalid(string field, string error, int status = StatusCodes.Status400BadRequest) =>
        Invalid(new Dictionary<string, string[]> { [field] = [error] }, status);

    /// <summary>Several fields of the request are wrong.</summary>
    public static ProblemHttpResult Invalid(IDictionary<string, string[]> errors, int status = StatusCodes.Status400BadRequest) =>
        TypedResults.Problem(new HttpValidationProblemDetails(errors)
        {
            Status = status,
            Title = "The request is not valid.",
            Detail = string.Join(' ', errors.SelectMany(pair => pair.Value.Select(error => $"{pair.Key}: {error}"))),
        });

    /// <summary>A payload or body is over its limit.</summary>
    public static ProblemHttpResult TooLarge(string field, string error) =>
        Invalid(field, error, StatusCodes.Status413PayloadTooLarge);

    /// <summary>The request is well formed, but this server cannot serve it now.</summary>
    public static IResult Unavailable(string detail, TimeSpan retryAfter) =>
        RetryLater(detail, StatusCodes.Status503ServiceUnavailable, retryAfter);

    /// <summary>The request may be sent again, later.</summary>
    public static IResult RetryLater(string detail, int status, TimeSpan retryAfter) =>
        new WithRetryAfter(TypedResults.Problem(detail, statusCode: status), retryAfter);

    private sealed class WithRetryAfter(IResult problem, TimeSpan after) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.RetryAfter =
                ((int)Math.Ceiling(after.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            return problem.ExecuteAsync(httpContext);
        }
    }

    /// <summary>A limit's refusal, for clients that read a status.</summary>
    public static IResult ToProblem(this Refusal refusal) => RetryLater(refusal.Detail, StatusCodes.Status429TooManyRequests, refusal.RetryAfter);
}
