using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace Buffkit.Benchmarks;

/// <summary>One API process at an address that stays, which can be killed, stopped, halted and started again, and whose clock can jump.</summary>
internal sealed partial class ChaosNode : IAsyncDisposable
{
    // signal(7), on x86-64 and ARM.
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private static readonly string Program = Path.ChangeExtension(typeof(Buffkit.Api.Order).Assembly.Location, ".dll");
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly DirectoryInfo _folder;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly HttpClient _http;
    private readonly Lock _writing = new();
    private Process? _process;

    /// <param name="name">Names its folder and log.</param>
    /// <param name="parent">Where its folder is.</param>
    /// <param name="contentRoot">Its content root, where what it keeps lies.</param>
    /// <param name="settings">Its environment.</param>
    public ChaosNode(string name, DirectoryInfo parent, string contentRoot, IReadOnlyDictionary<string, string> settings)
    {
        (Name, _settings, ContentRoot) = (name, settings, contentRoot);
        _folder = parent.CreateSubdirectory(name);
        _http = new HttpClient { BaseAddress = new Uri($"http://{EndPoint}/"), Timeout = TimeSpan.FromSeconds(5) };
    }

    public string Name { get; }

    public string ContentRoot { get; }

    public IPEndPoint EndPoint { get; } = ServerProcess.FreeAddress();

    /// <summary>What it said, over all its lives.</summary>
    public string LogFile => Path.Combine(_folder.FullName, "log.txt");

    private string ClockFile => Path.Combine(_folder.FullName, "clock");

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(ManagedServer.Host)
        {
            ArgumentList = { Program, "--urls", $"http://{EndPoint}", "--contentRoot", ContentRoot },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        SetClock(TimeSpan.Zero);
        start.Environment[JumpingClock.Variable] = ClockFile;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(JumpingClock).Assembly.Location;
        start.Environment["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(JumpingClock).Assembly.GetName().Name;

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;

        var began = Stopwatch.GetTimestamp();
        while (!await AnswersAsync("alive", cancellationToken))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartPatience)
                throw new CannotMeasureException($"{Name} did not start; see {LogFile}.");
            await Task.Delay(Look, cancellationToken);
        }
    }

    /// <summary>Whether its health is good.</summary>
    public Task<bool> IsHealthyAsync(CancellationToken cancellationToken) => AnswersAsync("health", cancellationToken);

    /// <summary>Ends it as a power cut does.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => EndAsync(SigKill, cancellationToken);

    /// <summary>Asks it to end, as an orchestrator does.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => EndAsync(SigTerm, cancellationToken);

    /// <summary>It stands still, connections open, and does not know it.</summary>
    public void Halt() => Send(SigStop);

    public void Continue() => Send(SigCont);

    /// <summary>Sets its clock so far from this machine's.</summary>
    public void SetClock(TimeSpan difference) => JumpingClock.Set(ClockFile, difference);

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            await EndAsync(SigKill, CancellationToken.None);
        _process?.Dispose();
        _http.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private async Task EndAsync(int signal, CancellationToken cancellationToken)
    {
        var process = _process!;
        Send(signal);
        // Halted processes take no other signal than SIGKILL before they go on.
        Send(SigCont);
        await process.WaitForExitAsync(cancellationToken);
        process.Dispose();
        _process = null;
    }

    private void Send(int signal)
    {
        if (_process is { HasExited: false } process)
            _ = Kill(process.Id, signal);
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_writing)
            File.AppendAllText(LogFile, line + '\n');
    }

    private async Task<bool> AnswersAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (ChaosNetwork.IsFailure(e, cancellationToken))
        {
            return false;
        }
    }
}
