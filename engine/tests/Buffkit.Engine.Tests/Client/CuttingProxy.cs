using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buffkit.Tests;

/// <summary>
/// A TCP proxy between a client and a real server, which splits what the server says, cuts it, stalls, or holds event streams back, all by one
/// seed; and lets the server move.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly ConcurrentDictionary<int, Task> _connections = new();
    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly Task _accepting;
    private int _count;

    public CuttingProxy(Uri target, int seed = 0)
    {
        (Target, _random) = (target, new Random(seed));
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>Where connections go that are made from now on.</summary>
    public Uri Target { get; set; }

    /// <summary>Each connection is cut after up to so many bytes of the server.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Of ten that would be cut, so many stall instead.</summary>
    public int Stalls { get; set; }

    /// <summary>Lets no byte of an event stream through, as a proxy does that waits for the end.</summary>
    public bool HoldsStreamsBack { get; set; }

    public int Connections => Volatile.Read(ref _count);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_connections.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_stop.Token);
            var number = Interlocked.Increment(ref _count);
            _connections[number] = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        int? left;
        bool stalls;
        int most;
        lock (_gate)
        {
            left = CutAfter is { } after ? _random.Next(after) : null;
            stalls = _random.Next(10) < Stalls;
            most = _random.Next(3) switch { 0 => 1, 1 => 50, _ => 8_192 };
        }

        using (client)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(Target.Host, Target.Port, end.Token);
                var up = CopyAsync(client, server, end);
                await DownAsync(server, client, left, stalls, most, end.Token);
                // A reset, as a network that is gone gives it.
                client.LingerState = new LingerOption(true, 0);
                await end.CancelAsync();
                await up.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of the two is gone, and so is the other.
            }
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationTokenSource end)
    {
        var buffer = new byte[8_192];
        try
        {
            while (await from.ReceiveAsync(buffer, end.Token) is > 0 and var read)
                await SendAsync(to, buffer.AsMemory(0, read), end.Token);
        }
        finally
        {
            await end.CancelAsync();
        }
    }

    private async Task DownAsync(Socket from, Socket to, int? left, bool stalls, int most, CancellationToken cancellationToken)
    {
        var buffer = new byte[8_192];
        while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (HoldsStreamsBack && Encoding.ASCII.GetString(buffer, 0, read).Contains("text/event-stream", StringComparison.Ordinal))
                await Task.Delay(Timeout.Infinite, cancellationToken);
            var length = left is { } bytes ? Math.Min(read, bytes) : read;
            for (var i = 0; i < length; i += most)
                await SendAsync(to, buffer.AsMemory(i, Math.Min(most, length - i)), cancellationToken);
            left -= length;
            if (left is not 0 || CutAfter is null)
                continue;
            if (stalls)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return;
        }
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await to.SendAsync(bytes[sent..], cancellationToken);
    }
}
