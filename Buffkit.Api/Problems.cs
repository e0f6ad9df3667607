using Buffkit.Streams;
using Microsoft.Extensions.Options;

namespace Buffkit.Api;

/// <summary>Every error of the API is problem+json (RFC 9457): bad input says what to change, a defect says nothing but that.</summary>
internal static class Problems
{
    public static void AddProblems(this IServiceCollection services)
    {
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            // What the framework could not read of a request is the sender's to mend, and its message says how.
            if (context.Exception is BadHttpRequestException bad)
                context.ProblemDetails.Detail = bad.InnerException is { } cause ? $"{bad.Message} {cause.Message}" : bad.Message;
        });
        // Behind the framework's own, which leaves a client that accepts only something else, such as an event stream, without a problem.
        services.AddSingleton<IProblemDetailsWriter, ForWhoeverAsks>();
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
    }

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = exception => exception switch
            {
                BadHttpRequestException bad => bad.StatusCode,
                LogUnavailableException => StatusCodes.Status503ServiceUnavailable,
                _ => StatusCodes.Status500InternalServerError,
            },
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
        });
        app.UseStatusCodePages();
    }

    private sealed class ForWhoeverAsks(IOptions<ProblemDetailsOptions> options) : IProblemDetailsWriter
    {
        public bool CanWrite(ProblemDetailsContext context) => true;

        public ValueTask WriteAsync(ProblemDetailsContext context)
        {
            context.ProblemDetails = TypedResults.Problem(context.ProblemDetails).ProblemDetails;
            options.Value.CustomizeProblemDetails?.Invoke(context);
            var (http, problem) = (context.HttpContext, context.ProblemDetails);
            // By its own type: one that names fields is more than a problem.
            return new ValueTask(http.Response.WriteAsJsonAsync(problem, problem.GetType(), options: null, "application/problem+json", http.RequestAborted));
        }
    }
}
