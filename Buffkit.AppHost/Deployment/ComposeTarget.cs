namespace Buffkit.AppHost;

/// <summary>A Docker Compose file with database and Redis in it, for any machine with Docker.</summary>
internal static class ComposeTarget
{
    /// <summary>The API's port on the machine, 8080 unless the <c>.env</c> file says otherwise.</summary>
    private const string PublicPort = "${PUBLIC_PORT:-8080}";

    /// <summary>As long as on Azure: the 30 seconds of the host, the drain among them, and some to spare.</summary>
    private const string StopGracePeriod = "60s";

    private const string Restart = "unless-stopped";

    public static void AddComposeTarget(this IDistributedApplicationBuilder builder) =>
        builder.AddDockerComposeEnvironment(Resources.Compose);

    /// <summary>One instance: Compose balances no load, and a port of the machine belongs to one container.</summary>
    public static IResourceBuilder<ProjectResource> PublishAsComposeService(this IResourceBuilder<ProjectResource> api) =>
        api.PublishAsDockerComposeService((_, service) =>
        {
            service.Ports = [$"{PublicPort}:{service.Ports.Single()}"];
            service.StopGracePeriod = StopGracePeriod;
            service.Restart = Restart;
        });

    /// <summary>A container that comes back with the machine.</summary>
    public static IResourceBuilder<T> PublishAsLastingService<T>(this IResourceBuilder<T> container)
        where T : ContainerResource =>
        container.PublishAsDockerComposeService((_, service) => service.Restart = Restart);
}
