using Microsoft.AspNetCore.Http;

namespace Buffkit.ServiceDefaults;

/// <summary>The paths that machines poll, kept out of traces and request metrics.</summary>
internal static class TelemetryPaths
{
    public const string Health = "/health";
    public const string Alive = "/alive";
    public const string Metrics = "/metrics";

    public static bool IsProbe(PathString path) =>
        path.StartsWithSegments(Health) || path.StartsWithSegments(Alive) || path.StartsWithSegments(Metrics);
}
