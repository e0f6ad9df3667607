using System.Net;
using System.Net.Sockets;

namespace Buffkit.Tests;

/// <summary>A network between a browser and the API: it cuts, and answers errors in the API's place.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private static readonly byte[] BadGateway =
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly int _target;
    private readonly Task _accepting;
    private CancellationTokenSource _cut = new();
    private int _connections;
    private int _errors;
    private int _cuts;

    public CuttingProxy(Uri target)
    {
        _target = target.Port;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>How many bytes of the answer a connection that begins now passes on before it is cut, wherever in an event that is.</summary>
    public Func<int> CutAfter { get; set; } = () => int.MaxValue;

    /// <summary>Whether connections that begin now are answered <c>502</c>.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Whether connections that begin now are ended without a word.</summary>
    public bool IsAway { get; set; }

    public int Connections => Volatile.Read(ref _connections);

    public int Cuts => Volatile.Read(ref _cuts);

    public int Errors => Volatile.Read(ref _errors);

    /// <summary>Cuts all connections that are open.</summary>
    public void CutAll() => Interlocked.Exchange(ref _cut, new CancellationTokenSource()).Cancel();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_ended.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token, _cut.Token);
        using var _ = client;
        using var server = new TcpClient();
        try
        {
            if (IsAway)
                return;
            if (IsBroken)
            {
                await client.GetStream().ReadExactlyAsync(new byte[16], end.Token);
                Interlocked.Increment(ref _errors);
                await client.GetStream().WriteAsync(BadGateway, end.Token);
                return;
            }

            var left = CutAfter();
            Interlocked.Increment(ref _connections);
            await server.ConnectAsync(IPAddress.Loopback, _target, end.Token);
            var asking = client.GetStream().CopyToAsync(server.GetStream(), end.Token);
            try
            {
                await AnswerAsync(server.GetStream(), client.GetStream(), left, end.Token);
            }
            finally
            {
                await end.CancelAsync();
                await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two is gone, and takes the other with it.
        }
    }

    private async Task AnswerAsync(NetworkStream from, NetworkStream to, int left, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            await to.WriteAsync(buffer.AsMemory(0, Math.Min(read, left)), cancellationToken);
            left -= read;
            if (left > 0)
                continue;
            Interlocked.Increment(ref _cuts);
            return;
        }
    }
}
