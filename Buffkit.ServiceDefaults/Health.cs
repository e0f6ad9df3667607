using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Buffkit.ServiceDefaults;

/// <summary>Readiness and liveness. A check tagged <see cref="LiveTag"/> counts for both, any other for readiness only.</summary>
public static class Health
{
    /// <summary>The tag of checks whose failure a restart can mend. A lost database is none: a restart would not bring it back.</summary>
    public const string LiveTag = "live";

    internal static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        HealthTimeouts.Add(builder.Services);
    }

    internal static void MapHealth(this IEndpointRouteBuilder app, ManagementPort management)
    {
        Task WriteAsync(HttpContext context, HealthReport report) => Health.WriteAsync(context, report, management.IsOperators(context));
        app.MapHealthChecks(TelemetryPaths.Health, new HealthCheckOptions { ResponseWriter = WriteAsync })
            .DisableHttpMetrics();
        app.MapHealthChecks(TelemetryPaths.Alive, new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(LiveTag),
            ResponseWriter = WriteAsync,
        }).DisableHttpMetrics();
    }

    /// <summary>Descriptions are the checks' own words; exception texts may hold addresses and stay in the log.</summary>
    private static async Task WriteAsync(HttpContext context, HealthReport report, bool withParts)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", report.Status.ToString());
        if (withParts)
            WriteParts(json, report);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void WriteParts(Utf8JsonWriter json, HealthReport report)
    {
        json.WriteNumber("durationMs", Math.Round(report.TotalDuration.TotalMilliseconds, 3));
        json.WriteStartObject("parts");
        foreach (var (name, entry) in report.Entries)
        {
            json.WriteStartObject(name);
            json.WriteString("status", entry.Status.ToString());
            json.WriteNumber("durationMs", Math.Round(entry.Duration.TotalMilliseconds, 3));
            if (entry.Description is { Length: > 0 } description)
            {
                json.WriteString("description", description);
            }

            foreach (var (key, value) in entry.Data)
            {
                json.WritePropertyName(key);
                JsonSerializer.Serialize(json, value, value?.GetType() ?? typeof(object));
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
