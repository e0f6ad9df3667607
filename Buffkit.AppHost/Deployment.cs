//#if (repository)
// Needs packages that a feed may lack: UseDeployment in Directory.Build.props.
//#endif
#if USE_DEPLOYMENT
using System.Globalization;
using Aspire.Hosting.Azure;
using Aspire.Hosting.Azure.AppContainers;
using Aspire.Hosting.Docker.Resources;
using Aspire.Hosting.Docker.Resources.ServiceNodes;
using Aspire.Hosting.Pipelines;
using Azure.Provisioning.AppContainers;
//#if (postgres)
using Azure.Provisioning.Expressions;
using Azure.Provisioning.PostgreSql;
//#endif
//#if (redis)
using Azure.Provisioning.RedisEnterprise;
//#endif
using Buffkit.Hosting;
#else
using System.Diagnostics;
#endif

namespace Buffkit.AppHost;

/// <summary>Where a deployment goes.</summary>
internal enum DeploymentTarget
{
    /// <summary>Nowhere: the application runs here.</summary>
    None,

    /// <summary>Azure Container Apps with Azure's database and Redis.</summary>
    Azure,

    /// <summary>A Docker Compose file, for any machine.</summary>
    Compose,
}

#if USE_DEPLOYMENT
internal static class DeploymentTargets
{
    private const string Key = "Target";

    /// <summary>Adds what runs the containers of a deployment, by <c>--target azure|compose</c>; Azure without it.</summary>
    /// <remarks>One at a time: with two of them every resource would have to name its own.</remarks>
    /// <exception cref="InvalidOperationException">The configured target is unknown.</exception>
    public static DeploymentTarget AddDeploymentTarget(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsRunMode)
        {
            return DeploymentTarget.None;
        }

        switch (builder.Configuration[Key]?.ToLowerInvariant())
        {
            case null or "" or "azure":
                builder.AddAzureTarget();
                return DeploymentTarget.Azure;
            case "compose":
                builder.AddComposeTarget();
                return DeploymentTarget.Compose;
            case var other:
                throw new InvalidOperationException($"{Key} is '{other}'. Set it to azure or compose.");
        }
    }

    /// <summary>Makes the API and its migrations what they are on the target.</summary>
    public static IResourceBuilder<ProjectResource> PublishTo(
        this IResourceBuilder<ProjectResource> api, DeploymentTarget target, IResourceBuilder<ProjectResource> migrations)
    {
        switch (target)
        {
            case DeploymentTarget.Azure:
                migrations.PublishAsMigrationJob(before: api);
                return api.PublishAsApi();
            case DeploymentTarget.Compose:
                return api.PublishAsComposeService();
            default:
                return api;
        }
    }
}

/// <summary>Azure Container Apps, Azure Database for PostgreSQL flexible server and Azure Managed Redis.</summary>
internal static class AzureTarget
{
    /// <summary>
    /// The 30 seconds in which the host stops its services, the drain (<c>Streams:Drain:Timeout</c>) among them, and as
    /// many again for a proxy that still sends requests to a replica that is gone.
    /// </summary>
    private const int TerminationSeconds = 60;

    //#if (redis)
    /// <summary>Ten times the least: where costs are to stop growing. Raise it together with the size of Redis.</summary>
    private const int MaxReplicas = 20;
    ////#else
    ///// <summary>One: without Redis each server has a log of its own.</summary>
    //private const int MaxReplicas = 1;
    //#endif

    /// <summary>
    /// An open stream is a request to the ingress, whose own rule adds a replica for every ten. This many fit into half a
    /// core and 1 GiB with room for bursts.
    /// </summary>
    private const int StreamsPerReplica = 2_000;

    /// <summary>
    /// Whence the ingress calls: a range that Azure Container Apps keeps for itself in environments with workload profiles.
    /// From anywhere else the client's address is not believed, and the API's log says so once.
    /// </summary>
    private const string IngressNetwork = "100.100.0.0/16";

    //#if (postgres)
    /// <summary>As the container's at home: AppHost.cs.</summary>
    private const string PostgresMajorVersion = "18";

    //#endif
    /// <summary>An hour for all migrations of a deployment.</summary>
    private const int JobSeconds = 3600;

    public static void AddAzureTarget(this IDistributedApplicationBuilder builder) =>
        builder.AddAzureContainerAppEnvironment("apps");

    //#if (redis)
    /// <summary>Adds Azure Managed Redis with its access key in a key vault: the services know connection strings only.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddAzureRedis(
        this IDistributedApplicationBuilder builder, string name) =>
        builder.AddAzureManagedRedis(name)
            .WithAccessKeyAuthentication()
            .ConfigureInfrastructure(infrastructure =>
            {
                var database = infrastructure.GetProvisionableResources().OfType<RedisEnterpriseDatabase>().Single();
                // A full Redis must refuse the next event, not forget one that it took.
                database.EvictionPolicy = RedisEnterpriseEvictionPolicy.NoEviction;
            });

    //#endif
    //#if (postgres)
    /// <summary>Adds a flexible server with a generated password in a key vault: the services know connection strings only.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddAzurePostgres(
        this IDistributedApplicationBuilder builder, string server, string database, string databaseName) =>
        builder.AddAzurePostgresFlexibleServer(server)
            .WithPasswordAuthentication()
            .ConfigureInfrastructure(infrastructure =>
                infrastructure.GetProvisionableResources().OfType<PostgreSqlFlexibleServer>().Single().Version =
                    new StringLiteralExpression(PostgresMajorVersion))
            .AddDatabase(database, databaseName);

    //#endif
    /// <summary>
    /// External ingress and two replicas come from the model. Session affinity stays off: any replica can go on where
    /// another one left a client.
    /// </summary>
    public static IResourceBuilder<ProjectResource> PublishAsApi(this IResourceBuilder<ProjectResource> api) =>
        api
            .WithEnvironment("Streams__Proxies__Networks__0", IngressNetwork)
            .PublishAsAzureContainerApp((_, app) =>
            {
                app.Template.Scale.MaxReplicas = MaxReplicas;
                app.Template.Scale.Rules.Add(new ContainerAppScaleRule
                {
                    Name = "streams",
                    Http = new ContainerAppHttpScaleRule
                    {
                        Metadata = { ["concurrentRequests"] = StreamsPerReplica.ToString(CultureInfo.InvariantCulture) },
                    },
                });
                app.Template.TerminationGracePeriodSeconds = TerminationSeconds;
            });

    /// <summary>A job that <c>aspire deploy</c> runs to its end before it deploys the API.</summary>
    public static void PublishAsMigrationJob(
        this IResourceBuilder<ProjectResource> migrations, IResourceBuilder<ProjectResource> before) =>
        migrations
            .PublishAsAzureContainerAppJob((_, job) =>
            {
                job.Configuration.ReplicaTimeout = JobSeconds;
                // A migration that failed is for a person to look at.
                job.Configuration.ReplicaRetryLimit = 0;
            })
            .WithRunBefore(before);
}

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
        builder.AddDockerComposeEnvironment("compose")
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

/// <summary>The step of <c>aspire deploy</c> that runs the migrations between their deployment and that of the API.</summary>
internal static class MigrationStep
{
    private const string EnvironmentIdOutput = "AZURE_CONTAINER_APPS_ENVIRONMENT_ID";

    /// <summary>Without the run the API is not deployed, and the revision before it goes on serving.</summary>
    public static IResourceBuilder<ProjectResource> WithRunBefore(
        this IResourceBuilder<ProjectResource> migrations, IResourceBuilder<ProjectResource> api)
    {
        var run = $"run-{migrations.Resource.Name}";
        return migrations
            .WithPipelineStepFactory(run, RunAsync, description: "Brings the schema up to date before the API is deployed.")
            .WithPipelineConfiguration(context =>
                StepOrder.Put(context.Steps, run, after: ProvisionStep(migrations), before: ProvisionStep(api)));

        async Task RunAsync(PipelineStepContext context)
        {
            var environment = context.Model.Resources.OfType<AzureContainerAppEnvironmentResource>().Single();
            var id = await new BicepOutputReference(EnvironmentIdOutput, environment).GetValueAsync(context.CancellationToken)
                ?? throw new InvalidOperationException($"{environment.Name} has no {EnvironmentIdOutput}: it is not deployed.");
            await new ContainerAppJob(id, migrations.Resource.Name).RunAsync(context.CancellationToken);
        }
    }

    /// <summary>As Aspire names the step that deploys a project to Azure Container Apps.</summary>
    private static string ProvisionStep(IResourceBuilder<ProjectResource> project) =>
        $"provision-{project.Resource.Name}-containerapp";
}
#else
/// <summary>In the place of all that where its packages are left out (<c>UseDeployment=false</c>): the model only runs.</summary>
internal static class DeploymentTargets
{
    /// <exception cref="InvalidOperationException">The model is to be published or deployed.</exception>
    public static DeploymentTarget AddDeploymentTarget(this IDistributedApplicationBuilder builder) =>
        builder.ExecutionContext.IsRunMode
            ? DeploymentTarget.None
            : throw new InvalidOperationException(
                "This AppHost was built without deployment. Build it with -p:UseDeployment=true; that needs the packages "
                + "Aspire.Hosting.Azure.* and Aspire.Hosting.Docker.");

    public static IResourceBuilder<ProjectResource> PublishTo(
        this IResourceBuilder<ProjectResource> api, DeploymentTarget target, IResourceBuilder<ProjectResource> migrations) => api;
    //#if (postgres || redis)

    public static IResourceBuilder<T> PublishAsLastingService<T>(this IResourceBuilder<T> container, string check)
        where T : ContainerResource => container;
    //#endif
    //#if (redis)

    public static IResourceBuilder<IResourceWithConnectionString> AddAzureRedis(
        this IDistributedApplicationBuilder builder, string name) => throw new UnreachableException();
    //#endif
    //#if (postgres)

    public static IResourceBuilder<IResourceWithConnectionString> AddAzurePostgres(
        this IDistributedApplicationBuilder builder, string server, string database, string databaseName) =>
        throw new UnreachableException();
    //#endif
}
#endif
