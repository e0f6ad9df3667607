using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Buffkit.Migrations;
using Buffkit.Migrations.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The API as a user runs it: a process of its own, which a test can kill.</summary>
public sealed partial class ApiProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    /// <summary>The program's file.</summary>
    public static readonly string Program = Assembly.Load("Buffkit.Api").Location;

    private readonly Process _process;
    private DirectoryInfo? _folder;

    private ApiProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
        Http = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>
    /// Waits until health is good, as orchestrators do: a check has less than a second, and the first of a process on a busy machine
    /// takes longer.
    /// </summary>
    public Task UntilHealthyAsync() => Eventually.TrueAsync(
        async () =>
        {
            using var health = await Http.GetAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken);
            return health.IsSuccessStatusCode;
        },
        "health to be good");

    /// <summary>Starts it in a folder of its own, which goes with it.</summary>
    public static async Task<ApiProcess> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("api-");
        var api = await StartAsync(folder.FullName);
        api._folder = folder;
        return api;
    }

    /// <summary>Starts it in a folder that stays.</summary>
    /// <param name="contentRoot">The folder.</param>
    /// <param name="environment">Settings besides those of a test.</param>
    /// <param name="port">Where it listens, such as where one listened that was killed; by default any.</param>
    public static async Task<ApiProcess> StartAsync(string contentRoot, Dictionary<string, string>? environment = null, int port = 0)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Program, "--urls", $"http://127.0.0.1:{port}", "--contentRoot", contentRoot },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                // All of a test's clients come from one address.
                ["Streams__Limits__ConnectionsPerAddress"] = "0",
                ["Streams__Limits__ConnectsPerMinutePerAddress"] = "0",
                ["Streams__Limits__PublishesPerSecondPerAddress"] = "0",
            },
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        if (start.Environment["ASPNETCORE_ENVIRONMENT"] != "Development" && !start.Environment.ContainsKey("ConnectionStrings__appdb"))
            await MigrateAsync(contentRoot);

        var output = new List<string>();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        void Read(string? line)
        {
            if (line is null)
                return;
            lock (output)
                output.Add(line);
            if (ListeningOn().Match(line) is { Success: true } match)
                listening.TrySetResult(new Uri(match.Groups[1].Value));
        }

        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("The API ended:\n" + string.Join('\n', output)));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ApiProcess(process, await listening.Task.WaitAsync(StartPatience, TestContext.Current.CancellationToken));
    }

    /// <summary>Ends it without a word, as a power cut does.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Asks it to end, as an orchestrator does, and waits until it has drained. Not on Windows, where there is no such signal.</summary>
    public async Task StopAsync()
    {
        using var signal = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        _folder?.Delete(recursive: true);
    }

    // In Development the API does that itself; elsewhere the migration service has done it before.
    private static async Task MigrateAsync(string contentRoot)
    {
        var data = Directory.CreateDirectory(Path.Combine(contentRoot, "data"));
        var runner = new MigrationRunner(
            new MigrationOptions { Engine = new SqliteEngine(), ConnectionString = $"Data Source={Path.Combine(data.FullName, "app.db")};Pooling=false" },
            NullLogger<MigrationRunner>.Instance,
            TimeProvider.System);
        await runner.UpAsync(TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("Now listening on: (http://\\S+)")]
    private static partial Regex ListeningOn();
}
