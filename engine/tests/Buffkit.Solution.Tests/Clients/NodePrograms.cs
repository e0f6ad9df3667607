using System.Diagnostics;
using System.Security.Cryptography;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.NodePrograms))]

namespace Buffkit.Tests;

/// <summary>
/// Node and the npm packages of <c>clients/compatibility</c>, which are fetched once. Tests that need them are skipped with the reason
/// where they cannot be had, and fail where <c>REQUIRE_NODE=true</c> says that they must.
/// </summary>
public sealed class NodePrograms : IDisposable
{
    private static readonly Version Oldest = new(20, 19);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _once = new(1, 1);
    private string? _missing;
    private bool _isThere;

    /// <summary>Where the clients are, with their packages.</summary>
    public async Task<string> FolderAsync()
    {
        var folder = Repository.Folder("clients/compatibility");
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_isThere)
                _missing ??= await FindReasonAsync(folder);
            _isThere = _missing is null;
        }
        finally
        {
            _once.Release();
        }

        if (_missing is null)
            return folder;
        if (string.Equals(Environment.GetEnvironmentVariable("REQUIRE_NODE"), "true", StringComparison.OrdinalIgnoreCase))
            Assert.Fail($"REQUIRE_NODE is true, but {_missing}");
        Assert.Skip(_missing);
        return folder;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, what it wrote, and what it wrote as errors.</returns>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string folder, TimeSpan patience, Dictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(patience);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    public void Dispose() => _once.Dispose();

    private static async Task<string?> FindReasonAsync(string folder)
    {
        // On Windows npm is a script, which is not started like a program.
        if (OperatingSystem.IsWindows())
            return "the clients are started by the programs of a Unix system.";
        if (await VersionAsync("node") is not { } node || await VersionAsync("npm") is null)
            return $"no node and npm are installed (Debian packages nodejs and npm), Node {Oldest} or later.";
        if (node < Oldest)
            return $"Node {node} is installed; the clients need {Oldest} or later.";

        // What was installed for these very packages is good: the next run needs no network.
        var wanted = Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "package-lock.json"))));
        var stamp = Path.Combine(folder, "node_modules", ".installed");
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            return null;
        var (exitCode, output, errors) = await RunAsync(folder, Patience, [], "npm", "ci", "--no-audit", "--no-fund");
        if (exitCode != 0)
            return $"'npm ci' in clients/compatibility failed; is there a network?\n{output}{errors}";
        await File.WriteAllTextAsync(stamp, wanted);
        return null;
    }

    private static async Task<Version?> VersionAsync(string program)
    {
        try
        {
            var (exitCode, output, _) = await RunAsync(Path.GetTempPath(), Patience, [], program, "--version");
            return exitCode == 0 && Version.TryParse(output.Trim().TrimStart('v'), out var version) ? version : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
