using Buffkit.Streams;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Keeps pages of other sites out of endpoints.</summary>
public static class OwnPagesExtensions
{
    /// <summary>Name of the CORS policy that lets pages of <c>Streams:Cors:Origins</c> in.</summary>
    public const string CorsPolicy = "EventStreams";

    /// <summary>
    /// How long a browser remembers the answer to a preflight, <c>Access-Control-Max-Age</c>; without it each call brings one along.
    /// Browsers take no more than two hours (Chromium) or a day (Firefox), and an origin that is taken off the list is refused at the call itself.
    /// </summary>
    private static readonly TimeSpan PreflightAge = TimeSpan.FromHours(1);

    /// <summary>
    /// Refuses calls that a browser makes for a page of another origin, whatever the method, with <c>403</c>; the engine's own
    /// endpoints do so by themselves. Pages of <c>Streams:Cors:Origins</c> are let in, and may read the answers where the
    /// application calls <c>UseCors()</c>.
    /// </summary>
    public static TBuilder RequireOwnPages<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Finally(endpoint =>
        {
            var services = endpoint.ApplicationServices;
            var guard = services.GetRequiredService<CrossSiteGuard>();
            if (services.GetRequiredService<IOptions<StreamsOptions>>().Value.Cors.Origins.Count > 0)
                endpoint.Metadata.Add(new Microsoft.AspNetCore.Cors.EnableCorsAttribute(CorsPolicy));
            var next = endpoint.RequestDelegate!;
            // Handed on, not awaited: what waits holds memory as long as a stream is open.
            endpoint.RequestDelegate = http => guard.Refuse(http.Request) is { } refusal ? refusal.ExecuteAsync(http) : next(http);
        });
        return endpoints;
    }

    internal static void AddOwnPages(this IServiceCollection services)
    {
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<StreamsOptions>>((cors, options) =>
            cors.AddPolicy(CorsPolicy, policy => policy
                .WithOrigins([.. options.Value.Cors.Origins])
                .AllowCredentials()
                .WithMethods("GET", "POST", "DELETE")
                .AllowAnyHeader()
                .SetPreflightMaxAge(PreflightAge)
                .WithExposedHeaders(SessionCarrier.Header, "Link", "Retry-After", "Date", EventCursorExtensions.HeaderName, IdempotencyKey.ReplayedHeader)));
    }
}
