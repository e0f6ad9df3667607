namespace Buffkit.AppHost;

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
