using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Buffkit.ServiceDefaults;

/// <summary>What every service of the solution shares. Two calls: one on the builder, one on the app.</summary>
public static class ServiceDefaults
{
    /// <summary>
    /// Adds telemetry, health checks, service discovery and the resilience default of outgoing HTTP calls.
    /// </summary>
    /// <returns>The same builder.</returns>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddTelemetry();
        builder.AddHealth();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStreamSafeResilience();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (readiness with its parts), <c>/alive</c> (liveness) and <c>/metrics</c> (Prometheus).
    /// </summary>
    /// <remarks>
    /// In every environment: an orchestrator needs them in production above all. They name parts and durations,
    /// never addresses or exception texts; keep them off the public ingress where even that is too much.
    /// </remarks>
    /// <returns>The same app.</returns>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint(TelemetryPaths.Metrics).DisableHttpMetrics();
        return app;
    }
}
