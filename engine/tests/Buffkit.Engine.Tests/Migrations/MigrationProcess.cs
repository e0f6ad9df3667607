using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>The command line as a process of its own, as users start it.</summary>
internal sealed class MigrationProcess : IDisposable
{
    /// <summary>Its own output, since the tests' holds it without the assemblies that their web framework brings.</summary>
    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory,
        "..",
        "..",
        "Buffkit.Migrations.Runner",
        new DirectoryInfo(AppContext.BaseDirectory).Name,
        "Buffkit.Migrations.Runner.dll"));

    private readonly Process _process;
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _awaited;

    private MigrationProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a command against a test's database and scripts.</summary>
    /// <param name="database">The database.</param>
    /// <param name="await">A text on standard error that <see cref="SeenAsync"/> waits for.</param>
    /// <param name="arguments">The command.</param>
    public static MigrationProcess Start(TestDatabase database, string? @await, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = database.Scripts,
        };
        foreach (var argument in (string[])["exec", Program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Database__Provider"] = database.EngineName;
        start.Environment["ConnectionStrings__appdb"] = database.ConnectionString;
        start.Environment["Migrations__Scripts"] = database.Scripts;
        start.Environment.Remove("OTEL_EXPORTER_OTLP_ENDPOINT");
        var process = new MigrationProcess(new Process { StartInfo = start }) { _awaited = @await };
        process._process.ErrorDataReceived += process.OnError;
        process._process.Start();
        process._process.BeginErrorReadLine();
        return process;
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(TestDatabase database, params string[] arguments)
    {
        using var process = Start(database, null, arguments);
        return await process.EndAsync();
    }

    public static async Task<(int ExitCode, JsonElement Json)> RunJsonAsync(TestDatabase database, params string[] arguments)
    {
        var (exitCode, output, error) = await RunAsync(database, [.. arguments, "--json"]);
        Assert.True(output.StartsWith('{'), $"No JSON, exit code {exitCode}: {output}{error}");
        return (exitCode, JsonDocument.Parse(output).RootElement.Clone());
    }

    public Task SeenAsync() => _seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public async Task<(int ExitCode, string Output, string Error)> EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        lock (_error)
        {
            return (_process.ExitCode, output, _error.ToString());
        }
    }

    /// <summary>The most memory that the process has had, in bytes, as the system counts it until its end.</summary>
    public async Task<long> PeakMemoryAsync()
    {
        var peak = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (true)
        {
            _process.Refresh();
            try
            {
                peak = Math.Max(peak, _process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                // It has ended.
                return peak;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>SIGKILL: the process has no chance to say or clean anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void OnError(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not { } line)
        {
            return;
        }

        lock (_error)
        {
            _error.AppendLine(line);
        }

        if (_awaited is { } awaited && line.Contains(awaited, StringComparison.Ordinal))
        {
            _seen.TrySetResult();
        }
    }
}
