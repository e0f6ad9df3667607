namespace Buffkit.AppHost;

internal static class ApiResource
{
    private const string Endpoint = "http";
    private const string HealthLink = "Health";
    private const string MetricsLink = "Metrics";

    /// <summary>Where a deployment answers metrics and the parts of health; no ingress publishes it. At home every port does.</summary>
    private const string ManagementPort = "9090";

    /// <summary>Adds the API on a database whose schema is up to date.</summary>
    public static IResourceBuilder<ProjectResource> AddApi(this IDistributedApplicationBuilder builder, AppDatabase database) =>
        builder.AddProject<Projects.Buffkit_Api>(Resources.Api)
            .WithDatabase(database.Provider, database.Configure)
            .WaitForCompletion(database.Migrations)
            .WithExternalHttpEndpoints()
            .WithEnvironment(context =>
            {
                if (context.ExecutionContext.IsPublishMode)
                    context.EnvironmentVariables["Management__Port"] = ManagementPort;
            })
            .WithHttpProbe(ProbeType.Liveness, "/alive", periodSeconds: 10, timeoutSeconds: 5)
            .WithHttpProbe(ProbeType.Readiness, "/health", periodSeconds: 10, timeoutSeconds: 5)
            //#if (sample)
            .WithUrlForEndpoint(Endpoint, url => url.DisplayText = "Live page")
            //#endif
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/openapi/v1.json", DisplayText = "OpenAPI" })
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/health", DisplayText = HealthLink })
            .WithUrlForEndpoint(Endpoint, _ => new() { Url = "/metrics", DisplayText = MetricsLink })
            .WithReplicaHealth("/health", HealthLink, MetricsLink)
            .WithApiCommands(Endpoint);
}
