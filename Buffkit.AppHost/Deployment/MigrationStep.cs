using Aspire.Hosting.Azure;
using Aspire.Hosting.Azure.AppContainers;
using Aspire.Hosting.Pipelines;

namespace Buffkit.AppHost;

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
