using System.Diagnostics;

namespace Buffkit.AppHost;

/// <summary>In the place of the rest of this folder where its packages are left out (<c>UseDeployment=false</c>): the model only runs.</summary>
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
