using System.ComponentModel;

namespace Buffkit.Hosting;

/// <summary>A job of Azure Container Apps: starts it and waits for its end, by Azure's command line.</summary>
/// <param name="subscription">The subscription's id.</param>
/// <param name="resourceGroup">The resource group of the job.</param>
/// <param name="name">The job's name, which is the resource's.</param>
public sealed class ContainerAppJob(string subscription, string resourceGroup, string name)
{
    /// <summary>The AppHost's own command that runs a job.</summary>
    public const string Command = "run-job";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>A job beside an environment.</summary>
    /// <param name="environmentId"><c>/subscriptions/{id}/resourceGroups/{group}/providers/…</c></param>
    /// <param name="name">The job's name.</param>
    public ContainerAppJob(string environmentId, string name)
        : this(Segment(environmentId, 2), Segment(environmentId, 4), name)
    {
    }

    /// <summary>Runs the job of the azd environment that calls this as a hook.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunFromEnvironmentAsync(string name)
    {
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            interrupted.Cancel();
        };
        try
        {
            var job = new ContainerAppJob(Variable("AZURE_SUBSCRIPTION_ID"), Variable("AZURE_RESOURCE_GROUP"), name);
            await job.RunAsync(interrupted.Token);
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    /// <summary>Starts the job and returns when it has succeeded.</summary>
    /// <exception cref="InvalidOperationException">The job failed, or Azure's command line did. The message says how to go on.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await RequireAsync(cancellationToken);
        var execution = await AzureAsync(["job", "start", "--query", "name"], cancellationToken);
        Console.WriteLine($"{name}: {execution} started.");
        while (true)
        {
            var status = await AzureAsync(
                ["job", "execution", "show", "--job-execution-name", execution, "--query", "properties.status"], cancellationToken);
            switch (status)
            {
                case "Succeeded":
                    Console.WriteLine($"{name}: {execution} succeeded.");
                    return;
                case "Running" or "Processing" or "Unknown" or "":
                    await Task.Delay(Pause, cancellationToken);
                    break;
                default:
                    throw new InvalidOperationException(
                        $"{name}: {execution} ended as {status}. The API has not been changed. See why with: az containerapp job logs show "
                        + $"--name {name} --resource-group {resourceGroup} --container {name} --execution {execution}");
            }
        }
    }

    /// <summary>
    /// A tool that knows no jobs deploys an app of that name instead, which starts the migrations for ever
    /// (https://github.com/microsoft/aspire/issues/17581).
    /// </summary>
    private async Task RequireAsync(CancellationToken cancellationToken)
    {
        var (exitCode, _, error) = await RunAsync(["job", "show", "--query", "name"], cancellationToken);
        if (exitCode == 0)
        {
            return;
        }

        var (isApp, _, _) = await RunAsync(["show", "--query", "name"], cancellationToken);
        throw new InvalidOperationException(
            isApp == 0
                ? $"{name} is a container app in {resourceGroup}, not a job: the tool that deployed it is too old for jobs, or took it "
                    + "for an app. Upgrade it (azd 1.21 or later), remove the app with: az containerapp delete "
                    + $"--name {name} --resource-group {resourceGroup}, and deploy again."
                : $"There is no job {name} in {resourceGroup}: deploy it first (azd deploy {name}). Azure says: {error}");
    }

    private async Task<string> AzureAsync(string[] command, CancellationToken cancellationToken)
    {
        var (exitCode, output, error) = await RunAsync(command, cancellationToken);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"az containerapp {string.Join(' ', command)}: {error}");
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] command, CancellationToken cancellationToken)
    {
        // Windows starts programs by name, but az is a script there.
        var program = OperatingSystem.IsWindows() ? "az.cmd" : "az";
        string[] arguments =
        [
            "containerapp", .. command,
            "--name", name, "--resource-group", resourceGroup, "--subscription", subscription, "--output", "tsv",
        ];
        try
        {
            return await CommandLine.RunAsync(program, arguments, cancellationToken);
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"Azure's command line ({program}) is not there; install it from https://aka.ms/azcli.", e);
        }
    }

    private static string Segment(string id, int index) =>
        id.Split('/') is { } segments && segments.Length > index
            ? segments[index]
            : throw new InvalidOperationException($"'{id}' is no id of an Azure resource.");

    private static string Variable(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"{variable} is not set. azd gives it to its hooks if it is in the environment: see `azd env get-values`, and set it with "
                + $"`azd env set {variable} …`. azd's own resource groups are called rg- and the environment's name.");
}
