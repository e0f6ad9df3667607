using System.Globalization;
using Azure.Provisioning.AppContainers;
//#if (postgres)
using Azure.Provisioning.Expressions;
using Azure.Provisioning.PostgreSql;
//#endif
//#if (redis)
using Azure.Provisioning.RedisEnterprise;
//#endif

namespace Buffkit.AppHost;

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

    /// <summary>An hour for all migrations of a deployment.</summary>
    private const int JobSeconds = 3600;

    public static void AddAzureTarget(this IDistributedApplicationBuilder builder) =>
        builder.AddAzureContainerAppEnvironment(Resources.ContainerApps);

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
                    new StringLiteralExpression(PostgresDatabase.MajorVersion))
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
