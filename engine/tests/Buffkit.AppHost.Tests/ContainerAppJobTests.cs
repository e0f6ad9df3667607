using System.Diagnostics;

namespace Buffkit.AppHost.Tests;

/// <summary><c>run-job</c>, which azd's hook calls, with a command line of Azure that says what a test wants.</summary>
public sealed class ContainerAppJobTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("job");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RunJob_ThatSucceeds_EndsWithoutAnError()
    {
        var (exitCode, _) = await RunAsync("Succeeded");

        Assert.Equal(0, exitCode);
        var calls = await File.ReadAllLinesAsync(Path.Combine(_folder.FullName, "calls"), TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                "containerapp job show --query name --name migrations --resource-group shop --subscription sub --output tsv",
                "containerapp job start --query name --name migrations --resource-group shop --subscription sub --output tsv",
                "containerapp job execution show --job-execution-name migrations-x1 --query properties.status --name migrations --resource-group shop --subscription sub --output tsv",
            ],
            calls);
    }

    [Fact]
    public async Task RunJob_ThatFails_FailsAndSaysWhereItsLogIs()
    {
        var (exitCode, error) = await RunAsync("Failed");

        Assert.Equal(1, exitCode);
        Assert.Contains("ended as Failed", error);
        Assert.Contains("az containerapp job logs show --name migrations --resource-group shop", error);
    }

    [Fact]
    public async Task RunJob_OutsideOfAzd_NamesTheMissingVariable()
    {
        var (exitCode, error) = await RunAsync("Succeeded", resourceGroup: null);

        Assert.Equal(1, exitCode);
        Assert.Contains("AZURE_RESOURCE_GROUP is not set", error);
        Assert.Contains("azd env set AZURE_RESOURCE_GROUP", error);
    }

    [Fact]
    public async Task RunJob_DeployedAsAnApp_SaysSoAndHowToMendIt()
    {
        var (exitCode, error) = await RunAsync("Succeeded", kind: "app");

        Assert.Equal(1, exitCode);
        Assert.Contains("migrations is a container app in shop, not a job", error);
        Assert.Contains("az containerapp delete --name migrations --resource-group shop", error);
    }

    [Fact]
    public async Task RunJob_ThatWasNeverDeployed_SaysWhatToDoFirst()
    {
        var (exitCode, error) = await RunAsync("Succeeded", kind: "nothing");

        Assert.Equal(1, exitCode);
        Assert.Contains("There is no job migrations in shop: deploy it first", error);
    }

    private async Task<(int ExitCode, string Error)> RunAsync(string status, string? resourceGroup = "shop", string kind = "job")
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Azure's command line is played by a shell script.");
        var cancellation = TestContext.Current.CancellationToken;
        var azure = Path.Combine(_folder.FullName, "az");
        await File.WriteAllTextAsync(
            azure,
            $"""
            #!/bin/sh
            echo "$@" >> '{_folder.FullName}/calls'
            case "$2 $3 {kind}" in
            "job show app" | "job show nothing" | "show --query nothing") echo ResourceNotFound >&2; exit 3 ;;
            "job start "*) echo migrations-x1 ;;
            *) echo {status} ;;
            esac
            """,
            cancellation);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(azure, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var start = new ProcessStartInfo(
            "dotnet", ["exec", typeof(Projects.Buffkit_AppHost).Assembly.Location, "run-job", "migrations"])
        {
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_folder.FullName}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["AZURE_SUBSCRIPTION_ID"] = "sub";
        start.Environment["AZURE_RESOURCE_GROUP"] = resourceGroup;
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, error);
    }
}
