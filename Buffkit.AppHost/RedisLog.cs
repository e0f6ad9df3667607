namespace Buffkit.AppHost;

internal static class RedisLog
{
    private const string Tag = "8.6";

    /// <summary>Adds the Redis that holds the log: a container, or Azure Managed Redis in a deployment to Azure.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisLog(
        this IDistributedApplicationBuilder builder, DeploymentTarget target) =>
        target is DeploymentTarget.Azure
            ? builder.AddAzureRedis(Resources.Redis)
            : builder.AddRedis(Resources.Redis)
                .WithImageTag(Tag)
                .WithDataVolume()
                .WithLifetime(ContainerLifetime.Persistent)
                .WithRedisInsight(tool => tool.WithExplicitStart())
                // The log survives a restart; a crash costs at most its last ten seconds.
                .WithPersistence(interval: TimeSpan.FromSeconds(10), keysChangedThreshold: 1)
                .PublishAsLastingService(check: "REDISCLI_AUTH=\"$$REDIS_PASSWORD\" redis-cli ping | grep PONG");
}
