using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Hosting;

/// <summary>The migration service's command line as commands in the dashboard.</summary>
internal static class MigrationCommands
{
    /// <summary>Scripts below <c>seeds/development</c>.</summary>
    private const string SeedEnvironment = "development";

    private const string Doctor = "doctor";

    /// <summary>A status line per migration: enough for years of them.</summary>
    private const int OutputLines = 500;

    /// <summary>The dashboard shows what a command prints as it is. A resource is told to colour its log; a command is not.</summary>
    private static readonly KeyValuePair<string, string>[] WithoutColours =
    [
        KeyValuePair.Create("NO_COLOR", "1"),
        KeyValuePair.Create("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "false"),
    ];

    public static IResourceBuilder<ProjectResource> WithMigrationCommands(this IResourceBuilder<ProjectResource> migrations) =>
        migrations
            .WithCommandLine("status", "Status", ["status"], new ProcessCommandOptions
            {
                Description = "How every migration stands, and who is at work.",
                IconName = "DocumentSearch",
                IsHighlighted = true,
            })
            .WithCommandLine(Doctor, "Doctor", [Doctor], new ProcessCommandOptions
            {
                Description = "Looks at configuration, database, schema, Redis and clocks, and says what to do. Changes nothing.",
                IconName = "Stethoscope",
                // It takes no lock, and is wanted when nothing else works.
                UpdateState = _ => ResourceCommandState.Enabled,
            })
            .WithCommandLine("dry-run", "Dry run", ["dry-run"], new ProcessCommandOptions
            {
                Description = "Tries the pending migrations: executed and rolled back on PostgreSQL, printed on MySQL.",
                ConfirmationMessage = "Try the pending migrations? Until they are rolled back they hold their locks.",
                IconName = "Beaker",
            })
            .WithCommandLine("down", "Roll back one", ["down", "--steps", "1"], new ProcessCommandOptions
            {
                Description = "Undoes the last migration.",
                ConfirmationMessage =
                    "Undo the last migration? What it created is lost with the data in it, and the API goes on without it. "
                    + "Start the resource again to apply it anew.",
                IconName = "ArrowUndo",
            })
            .WithCommandLine("seed", "Seed", ["seed", "--environment", SeedEnvironment], new ProcessCommandOptions
            {
                Description = $"Runs the seeds of {SeedEnvironment} that are new or have changed.",
                ConfirmationMessage = $"Run the seeds of {SeedEnvironment}? They write into the database.",
                IconName = "LeafOne",
            });

    private static IResourceBuilder<ProjectResource> WithCommandLine(
        this IResourceBuilder<ProjectResource> migrations, string name, string displayName, string[] command, ProcessCommandOptions options)
    {
        options.MaxOutputLineCount = OutputLines;
        // One runner at a time: until the run at the start has ended, a command would wait for its lock.
        options.UpdateState ??= context => KnownResourceStates.TerminalStates.Contains(context.ResourceSnapshot.State?.Text)
            ? ResourceCommandState.Enabled
            : ResourceCommandState.Disabled;
        return migrations.WithProcessCommand(
            name, displayName, context => DescribeAsync(migrations.Resource, command, context), options);
    }

    /// <summary>The same program with the same environment as the resource, and a command.</summary>
    private static async ValueTask<ProcessCommandSpec> DescribeAsync(
        ProjectResource migrations, string[] command, ExecuteCommandContext context)
    {
        var variables = await EnvironmentAsync(migrations, context);
        if (command is [Doctor])
        {
            // It looks at what the services use, with their settings; what both have is the migrations'.
            foreach (var service in migrations.Annotations.OfType<MigratedService>().Select(annotation => annotation.Service))
            {
                variables = [.. variables, .. await EnvironmentAsync(service, context)];
                command = [.. command, .. SettingsOf(service)];
            }
        }

        return new ProcessCommandSpec("dotnet")
        {
            Arguments = [Program(migrations), .. command],
            WorkingDirectory = Path.GetDirectoryName(migrations.GetProjectMetadata().ProjectPath),
            // Some values are templates that only the orchestrator can fill, such as the instance's name.
            EnvironmentVariables = WithoutColours
                .Append(KeyValuePair.Create("OTEL_SERVICE_NAME", migrations.Name))
                .Concat(variables)
                .Where(variable => !variable.Value.Contains("{{", StringComparison.Ordinal))
                .DistinctBy(variable => variable.Key)
                .ToDictionary(),
        };
    }

    private static async Task<IEnumerable<KeyValuePair<string, string>>> EnvironmentAsync(ProjectResource project, ExecuteCommandContext context)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(project)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(
                context.Services.GetRequiredService<DistributedApplicationExecutionContext>(),
                context.Logger,
                context.CancellationToken);
        return configuration.Exception is { } failure
            ? throw new InvalidOperationException($"{project.Name} has no complete configuration yet: {failure.Message}", failure)
            : configuration.EnvironmentVariables;
    }

    /// <summary>The file of settings that every environment has; those of one alone are in its environment's hands.</summary>
    private static string[] SettingsOf(ProjectResource service)
    {
        var file = Path.Combine(Path.GetDirectoryName(service.GetProjectMetadata().ProjectPath)!, "appsettings.json");
        return File.Exists(file) ? ["--settings", file] : [];
    }

    /// <summary>The program that was built with this one: both lie in folders of their own below <c>artifacts/bin</c>.</summary>
    private static string Program(ProjectResource migrations)
    {
        var name = Path.GetFileNameWithoutExtension(migrations.GetProjectMetadata().ProjectPath);
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(own.Parent!.Parent!.FullName, name, own.Name, $"{name}.dll");
        return File.Exists(program)
            ? program
            : throw new InvalidOperationException($"{program} is not there. Build {name} with the AppHost's configuration.");
    }
}
