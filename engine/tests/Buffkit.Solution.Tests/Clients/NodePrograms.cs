using System.Diagnostics;
using System.Security.Cryptography;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.NodePrograms))]

namespace Buffkit.Tests;

/// <summary>
/// Node and the npm packages of a folder in <c>clients</c>, which are fetched once. Tests that need them take minutes and run where
/// <c>REQUIRE_NODE=true</c> asks for them; where the packages cannot be had then, they fail with the reason.
/// </summary>
public sealed class NodePrograms : IDisposable
{
    private static readonly Version Oldest = new(20, 19);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _once = new(1, 1);
    private readonly Dictionary<string, string?> _missing = [];

    /// <summary>Where other people's clients are, with their packages.</summary>
    public Task<string> FolderAsync() => FolderAsync("clients/compatibility");

    /// <summary>A folder with its packages.</summary>
    public async Task<string> FolderAsync(string path)
    {
        Assert.SkipUnless(
            string.Equals(Environment.GetEnvironmentVariable("REQUIRE_NODE"), "true", StringComparison.OrdinalIgnoreCase),
            "Takes minutes, and needs Node and packages of npm. Set REQUIRE_NODE=true.");
        var folder = Repository.Folder(path);
        string? reason;
        await _once.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (!_missing.TryGetValue(path, out reason))
                _missing.Add(path, reason = await FindReasonAsync(folder));
        }
        finally
        {
            _once.Release();
        }

        Assert.True(reason is null, $"REQUIRE_NODE is true, but {reason}");
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
            return $"'npm ci' in {folder} failed; is there a network?\n{output}{errors}";
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
