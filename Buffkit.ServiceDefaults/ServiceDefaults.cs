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
        HostNames.Add(builder.Services);
        ManagementPort.Add(builder.Services);
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
    /// In every environment: an orchestrator needs them in production above all. Outside Development the parts, and the
    /// metrics, are for <see cref="ManagementOptions.Port"/> alone; elsewhere <c>/health</c> and <c>/alive</c> say a status, and
    /// <c>/metrics</c> is not there. They name parts and durations, never addresses or exception texts.
    /// </remarks>
    /// <returns>The same app.</returns>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var management = app.Services.GetRequiredService<ManagementPort>();
        app.MapHealth(management);
        management.Guard(app.MapPrometheusScrapingEndpoint(TelemetryPaths.Metrics).DisableHttpMetrics());
        return app;
    }
}
