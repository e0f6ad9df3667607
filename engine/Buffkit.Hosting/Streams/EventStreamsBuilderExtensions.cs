using Buffkit.Hosting;

namespace Aspire.Hosting;

/// <summary>A service with event streams in the app model.</summary>
public static class EventStreamsBuilderExtensions
{
    private const string Endpoint = "http";
    private const string HealthLink = "Health";
    private const string MetricsLink = "Metrics";

    /// <summary>Where a deployment answers metrics and the parts of health; no ingress publishes it. At home every port does.</summary>
    private const string ManagementPort = "9090";

    /// <summary>
    /// Adds what a service with event streams has: probes, links to its health and metrics, a health check for each replica, and commands
    /// that publish a test event and drain a replica.
    /// </summary>
    /// <param name="service">The project.</param>
    /// <param name="path">Where it maps the streams.</param>
    /// <returns>The same builder.</returns>
    public static IResourceBuilder<ProjectResource> WithEventStreams(this IResourceBuilder<ProjectResource> service, string path = "/events")
    {
        ArgumentNullException.ThrowIfNull(service);
        return service
            .WithEnvironment(context =>
            {
                if (context.ExecutionContext.IsPublishMode)
                    context.EnvironmentVariables["Management__Port"] = ManagementPort;
            })
            .WithHttpProbe(ProbeType.Liveness, "/alive", periodSeconds: 10, timeoutSeconds: 5)
            .WithHttpProbe(ProbeType.Readiness, "/health", periodSeconds: 10, timeoutSeconds: 5)
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/openapi/v1.json", DisplayText = "OpenAPI" })
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/health", DisplayText = HealthLink })
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/metrics", DisplayText = MetricsLink })
            .WithReplicaHealth("/health", HealthLink, MetricsLink)
            .WithEventStreamCommands(Endpoint, path);
    }
}
