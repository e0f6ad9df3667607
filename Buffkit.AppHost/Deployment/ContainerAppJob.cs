namespace Buffkit.AppHost;

/// <summary>A job of Azure Container Apps: starts it and waits for its end, by Azure's command line.</summary>
/// <param name="subscription">The subscription's id.</param>
/// <param name="resourceGroup">The resource group of the job.</param>
/// <param name="name">The job's name, which is the resource's.</param>
internal sealed class ContainerAppJob(string subscription, string resourceGroup, string name)
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
        var execution = await AzureAsync(["start", "--query", "name"], cancellationToken);
        Console.WriteLine($"{name}: {execution} started.");
        while (true)
        {
            var status = await AzureAsync(
                ["execution", "show", "--job-execution-name", execution, "--query", "properties.status"], cancellationToken);
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

    private async Task<string> AzureAsync(string[] command, CancellationToken cancellationToken)
    {
        // Windows starts programs by name, but az is a script there.
        var program = OperatingSystem.IsWindows() ? "az.cmd" : "az";
        string[] arguments =
        [
            "containerapp", "job", .. command,
            "--name", name, "--resource-group", resourceGroup, "--subscription", subscription, "--output", "tsv",
        ];
        var (exitCode, output, error) = await CommandLine.RunAsync(program, arguments, cancellationToken);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"az {string.Join(' ', arguments)}: {error}");
    }

    private static string Segment(string id, int index) =>
        id.Split('/') is { } segments && segments.Length > index
            ? segments[index]
            : throw new InvalidOperationException($"'{id}' is no id of an Azure resource.");

    private static string Variable(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"{variable} is not set. Run this as a hook of azd, or with the values of `azd env get-values`.");
}
