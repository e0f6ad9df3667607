using System.Diagnostics;
using System.Text;

namespace Buffkit.Tests;

/// <summary>The <c>dotnet</c> command line, as a user types it.</summary>
internal static class DotnetCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs a command to its end.</summary>
    /// <returns>Its output; the test fails with it where the command does.</returns>
    public static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await EndAsync(folder, arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)}: exit code {exitCode}\n{output}");
        return output;
    }

    /// <summary>Runs a command that must end with an error.</summary>
    /// <returns>Its output.</returns>
    public static async Task<string> FailAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await EndAsync(folder, arguments);
        Assert.True(exitCode != 0, $"dotnet {string.Join(' ', arguments)}: no error\n{output}");
        return output;
    }

    /// <summary>Runs a command that goes on by itself, as long as something else needs it; then ends it with all that it started.</summary>
    public static async Task WhileRunningAsync(string folder, Func<Task> use, params string[] arguments)
    {
        using var process = Start(folder, arguments, out var output);
        try
        {
            await use();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            lock (output)
                Assert.Fail($"{e.Message}\ndotnet {string.Join(' ', arguments)}:\n{output}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<(int ExitCode, string Output)> EndAsync(string folder, string[] arguments)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Patience);
        using var process = Start(folder, arguments, out var output);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, output.ToString());
    }

    private static Process Start(string folder, string[] arguments, out StringBuilder output)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["DOTNET_CLI_UI_LANGUAGE"] = "en",
                ["DOTNET_NOLOGO"] = "true",
                // A node that outlives its build would keep our end of its output open.
                ["MSBUILDDISABLENODEREUSE"] = "1",
            },
        };
        // What the runner of these tests tells its own processes is not for that of a generated solution.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("TESTINGPLATFORM_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);

        var process = new Process { StartInfo = start };
        var text = output = new StringBuilder();
        void Read(string? line)
        {
            lock (text)
                text.AppendLine(line);
        }

        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
