using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Hosting;

internal static class ReplicaHealth
{
    /// <summary>Gives each replica a health check and links of its own.</summary>
    /// <param name="project">The project.</param>
    /// <param name="path">Answers with success while a replica is well.</param>
    /// <param name="ownLinks">The texts of the links that lead to the replica itself.</param>
    public static IResourceBuilder<ProjectResource> WithReplicaHealth(
        this IResourceBuilder<ProjectResource> project, string path, params string[] ownLinks)
    {
        var builder = project.ApplicationBuilder;
        if (builder.ExecutionContext.IsPublishMode)
        {
            return project;
        }

        builder.Services.AddSingleton(services => new Replicas(
            project.Resource, services.GetRequiredService<ResourceNotificationService>(), ownLinks));
        builder.Services.AddHostedService(services => services.GetRequiredService<Replicas>());
        builder.Services.AddHttpClient();
        // How many there are is known when the model is complete.
        builder.Services.Configure<HealthCheckServiceOptions>(options =>
        {
            foreach (var number in Numbers())
            {
                options.Registrations.Add(new HealthCheckRegistration(
                    Key(number),
                    services => ActivatorUtilities.CreateInstance<ReplicaHealthCheck>(services, number, path),
                    failureStatus: null,
                    tags: null));
            }
        });
        builder.Eventing.Subscribe<BeforeStartEvent>((_, _) =>
        {
            foreach (var number in Numbers())
            {
                project.WithHealthCheck(Key(number));
            }

            return Task.CompletedTask;
        });
        return project;

        IEnumerable<int> Numbers() => Enumerable.Range(1, project.Resource.GetReplicaCount());

        string Key(int number) => $"{project.Resource.Name}_replica_{number}";
    }
}
