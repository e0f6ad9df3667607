using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace Buffkit.ServiceDefaults;

/// <summary>The standard retry, circuit breaker and timeouts for outgoing HTTP calls, without harm to streams.</summary>
internal static class StreamSafeResilience
{
    private const string EventStream = "text/event-stream";
    private const string EventBatch = "application/cloudevents-batch+json";

    /// <remarks>
    /// Two of the standard handler's defaults hurt here. Its timeouts (10 s an attempt, 30 s in all) run until the
    /// response's headers arrive, and a stream with nothing to say yet or a long poll answers later than that: such
    /// requests wait as long as their caller's token allows. And it repeats POST after a timeout, when the server may
    /// have done the work: only methods that HTTP calls safe or idempotent are repeated.
    /// </remarks>
    public static void AddStreamSafeResilience(this IHttpClientBuilder http) =>
        http.AddStandardResilienceHandler(options =>
        {
            options.Retry.DisableForUnsafeHttpMethods();
            var attempt = options.AttemptTimeout.Timeout;
            var total = options.TotalRequestTimeout.Timeout;
            options.AttemptTimeout.TimeoutGenerator = arguments => new(TimeoutFor(arguments.Context, attempt));
            options.TotalRequestTimeout.TimeoutGenerator = arguments => new(TimeoutFor(arguments.Context, total));
        });

    private static TimeSpan TimeoutFor(ResilienceContext context, TimeSpan usual) =>
        context.GetRequestMessage() is { } request && IsLongLived(request) ? Timeout.InfiniteTimeSpan : usual;

    private static bool IsLongLived(HttpRequestMessage request) =>
        request.Headers.Accept.Any(accepted =>
            string.Equals(accepted.MediaType, EventStream, StringComparison.OrdinalIgnoreCase)
            || string.Equals(accepted.MediaType, EventBatch, StringComparison.OrdinalIgnoreCase));
}
