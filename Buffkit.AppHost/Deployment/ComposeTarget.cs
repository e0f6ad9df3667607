using Aspire.Hosting.Docker.Resources;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace Buffkit.AppHost;

/// <summary>A Docker Compose file with database and Redis in it, for any machine with Docker.</summary>
internal static class ComposeTarget
{
    /// <summary>The API's port on the machine, 8080 unless the <c>.env</c> file says otherwise.</summary>
    private const string PublicPort = "${PUBLIC_PORT:-8080}";

    /// <summary>As long as on Azure: the 30 seconds of the host, the drain among them, and some to spare.</summary>
    private const string StopGracePeriod = "60s";

    private const string Restart = "unless-stopped";

    private const string CheckInterval = "2s";

    private const string CheckTimeout = "5s";

    /// <summary>A minute: a database that is made anew, or that recovers from a crash, takes its time.</summary>
    private const int CheckRetries = 30;

    /// <remarks>
    /// Without Aspire's dashboard: its image is a nightly one, and its port would be open to the network. A collector of your
    /// own takes its place.
    /// </remarks>
    public static void AddComposeTarget(this IDistributedApplicationBuilder builder) =>
        builder.AddDockerComposeEnvironment(Resources.Compose)
            .WithDashboard(false)
            .ConfigureComposeFile(WaitForHealth);

    /// <summary>One instance: Compose balances no load, and a port of the machine belongs to one container.</summary>
    /// <remarks>
    /// No proxy stands before that port, so nobody's forwarded headers are believed: any client could choose its address. Who
    /// puts a proxy there names it in <c>Streams__Proxies__Networks__0</c>.
    /// </remarks>
    public static IResourceBuilder<ProjectResource> PublishAsComposeService(this IResourceBuilder<ProjectResource> api) =>
        api
            .DisableForwardedHeaders()
            .PublishAsDockerComposeService((_, service) =>
            {
                service.Ports = [$"{PublicPort}:{service.Ports.Single()}"];
                service.StopGracePeriod = StopGracePeriod;
                service.Restart = Restart;
            });

    /// <summary>A container that comes back with the machine.</summary>
    /// <param name="container">The container.</param>
    /// <param name="check">A command of its shell that succeeds while it answers. A dollar sign is two, as one is Compose's own.</param>
    public static IResourceBuilder<T> PublishAsLastingService<T>(this IResourceBuilder<T> container, string check)
        where T : ContainerResource =>
        container.PublishAsDockerComposeService((_, service) =>
        {
            service.Restart = Restart;
            service.Healthcheck = new Healthcheck
            {
                Test = ["CMD-SHELL", check],
                Interval = CheckInterval,
                Timeout = CheckTimeout,
                Retries = CheckRetries,
                StartPeriod = CheckInterval,
            };
        });

    /// <summary>Aspire writes that a container has started; what needs it waits until it answers.</summary>
    private static void WaitForHealth(ComposeFile file)
    {
        foreach (var (name, dependency) in file.Services.Values.SelectMany(service => service.DependsOn))
        {
            if (dependency.Condition == "service_started" && file.Services[name].Healthcheck is not null)
            {
                dependency.Condition = "service_healthy";
            }
        }
    }
}
