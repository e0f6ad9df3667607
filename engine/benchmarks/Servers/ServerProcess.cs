using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Buffkit.Benchmarks;

/// <summary>A server that this program started, on a port of its own on the loopback address.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly DirectoryInfo? _directory;
    private readonly Queue<string> _lastLines = new();

    private ServerProcess(Process process, Target target, DirectoryInfo? directory)
    {
        (_process, Target, _directory) = (process, target, directory);
        Tree = new ProcessTree(process.Id);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Target Target { get; }

    public ProcessTree Tree { get; }

    /// <summary>It runs on .NET, so its heap can be asked to collect.</summary>
    public bool IsManaged { get; private init; }

    /// <summary>Starts it and waits until it takes connections.</summary>
    /// <param name="start">The program and its arguments.</param>
    /// <param name="target">How it is spoken to.</param>
    /// <param name="isManaged">It runs on .NET.</param>
    /// <param name="directory">Its temporary directory, removed when it ends.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ServerProcess> StartAsync(
        ProcessStartInfo start, Target target, bool isManaged, DirectoryInfo? directory, CancellationToken cancellationToken)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var server = new ServerProcess(Process.Start(start)!, target, directory) { IsManaged = isManaged };
        try
        {
            await server.AwaitStartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>An address with a port that is free now.</summary>
    public static IPEndPoint FreeAddress()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)probe.LocalEndPoint!;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // The whole tree: nginx's workers are children. No server here has state worth a polite end.
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(StopPatience, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // It had ended already.
        }

        _process.Dispose();
        _directory?.Delete(recursive: true);
    }

    private async Task AwaitStartAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await probe.ConnectAsync(Target.EndPoint, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                if (_process.HasExited || Stopwatch.GetElapsedTime(begin) > StartPatience)
                    throw new CannotMeasureException($"{Target.Name} did not start:\n{LastLines()}");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > KeptLines)
                _lastLines.Dequeue();
        }
    }

    private string LastLines()
    {
        lock (_lastLines)
            return string.Join('\n', _lastLines);
    }
}
