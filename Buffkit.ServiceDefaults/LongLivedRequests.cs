using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// Keeps streams out of <c>http.server.request.duration</c>: a connection that lived for six hours is no slow request,
/// and one of them would move every percentile. Streams report their own durations.
/// </summary>
/// <remarks>
/// Decided when the request ends, by what the response turned out to be, so that it holds for any endpoint that
/// streams, and a refused connection (a quick 400 or 429) still counts as the request that it is.
/// </remarks>
internal sealed class LongLivedRequests : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (HttpContext context, RequestDelegate following) =>
        {
            try
            {
                await following(context);
            }
            finally
            {
                if (IsStream(context.Response) && context.Features.Get<IHttpMetricsTagsFeature>() is { } tags)
                {
                    tags.MetricsDisabled = true;
                }
            }
        });
        next(app);
    };

    private static bool IsStream(HttpResponse response) =>
        response.StatusCode == StatusCodes.Status101SwitchingProtocols
        || response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
}
