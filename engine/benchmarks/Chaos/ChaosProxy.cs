using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buffkit.Benchmarks;

/// <summary>What a <see cref="ChaosProxy"/> does to what passes through it.</summary>
internal enum ProxyMood
{
    /// <summary>Everything passes.</summary>
    Good,

    /// <summary>Connections stay open and nothing passes any more.</summary>
    Swallows,

    /// <summary>Each new connection is cut after some bytes, in the middle of whatever they are.</summary>
    Cuts,

    /// <summary>Bytes pass one by one and late.</summary>
    Dribbles,

    /// <summary>New connections are answered with what no server said: noise, an error page, a hotel's login page; servers get noise.</summary>
    Babbles,
}

/// <summary>A load balancer on TCP between clients and nodes, in moods by one seed. Bytes within an event are never changed: nothing but TLS could tell.</summary>
internal sealed class ChaosProxy : IAsyncDisposable
{
    private const int BufferBytes = 8_192;

    private static readonly string[] Answers =
    [
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<h1>Bad gateway</h1>",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n<form>Room number</form",
        "HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 500\r\n\r\ndata: half an ev",
    ];

    private readonly IReadOnlyList<IPEndPoint> _nodes;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<long, Pair> _pairs = new();
    private readonly Lock _drawing = new();
    private readonly Random _random;
    private readonly Task _accepting;
    private long _count;

    public ChaosProxy(IReadOnlyList<IPEndPoint> nodes, int seed)
    {
        (_nodes, _random) = (nodes, new Random(seed));
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    public ProxyMood Mood { get; set; }

    /// <summary>Resets every connection there is.</summary>
    public void CutAll()
    {
        foreach (var pair in _pairs.Values)
            pair.Cut();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        CutAll();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_pairs.Values.Select(pair => pair.Serving)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private int Draw(int below)
    {
        lock (_drawing)
            return _random.Next(below);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_stop.Token);
            var pair = new Pair(client, _stop.Token);
            var number = _count++;
            _pairs[number] = pair;
            pair.Serving = ServeAsync(number, pair);
        }
    }

    private async Task ServeAsync(long number, Pair pair)
    {
        await Task.Yield();
        try
        {
            pair.Client.NoDelay = true;
            if (Mood is ProxyMood.Babbles)
            {
                await BabbleAsync(pair);
                return;
            }

            if (await ConnectAsync(pair))
                await Task.WhenAll(PumpAsync(pair, pair.Client, pair.Node!, int.MaxValue), PumpAsync(pair, pair.Node!, pair.Client, Mood is ProxyMood.Cuts ? Draw(4_000) : int.MaxValue));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two is gone, and so is the other.
        }
        finally
        {
            _pairs.TryRemove(number, out _);
            pair.Dispose();
        }
    }

    // As a balancer does that notices by the connect alone that a node is down.
    private async Task<bool> ConnectAsync(Pair pair)
    {
        var first = Draw(_nodes.Count);
        for (var i = 0; i < _nodes.Count; i++)
        {
            var node = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await node.ConnectAsync(_nodes[(first + i) % _nodes.Count], pair.Token);
                pair.Node = node;
                return true;
            }
            catch (SocketException)
            {
                node.Dispose();
            }
        }

        return false;
    }

    private async Task BabbleAsync(Pair pair)
    {
        var noise = new byte[1 + Draw(300)];
        lock (_drawing)
            _random.NextBytes(noise);
        if (Draw(2) == 0 && await ConnectAsync(pair))
            await pair.Node!.SendAsync(noise, pair.Token);
        var buffer = new byte[BufferBytes];
        await pair.Client.ReceiveAsync(buffer, pair.Token);
        var answer = Draw(Answers.Length + 1);
        await pair.Client.SendAsync(answer == Answers.Length ? noise : Encoding.ASCII.GetBytes(Answers[answer]), pair.Token);
    }

    private async Task PumpAsync(Pair pair, Socket from, Socket to, int left)
    {
        try
        {
            var buffer = new byte[BufferBytes];
            while (left > 0 && await from.ReceiveAsync(buffer, pair.Token) is > 0 and var read)
            {
                if (Mood is ProxyMood.Swallows)
                {
                    // For good: what came in between is lost to this connection.
                    await pair.SwallowAsync();
                    return;
                }

                read = Math.Min(read, left);
                left -= left is int.MaxValue ? 0 : read;
                var step = Mood is ProxyMood.Dribbles ? 1 + Draw(40) : read;
                for (var i = 0; i < read; i += step)
                {
                    await to.SendAsync(buffer.AsMemory(i, Math.Min(step, read - i)), pair.Token);
                    if (Mood is ProxyMood.Dribbles)
                        await Task.Delay(1, pair.Token);
                }
            }
        }
        finally
        {
            pair.Cut();
        }
    }

    /// <summary>A client's connection and the one to its node.</summary>
    private sealed class Pair(Socket client, CancellationToken stop) : IDisposable
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(stop);

        public Socket Client => client;

        public Socket? Node { get; set; }

        public Task Serving { get; set; } = Task.CompletedTask;

        public CancellationToken Token => _end.Token;

        /// <summary>Both ends are reset, as by a network that is gone.</summary>
        public void Cut()
        {
            try
            {
                client.LingerState = new LingerOption(true, 0);
                _end.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }

        /// <summary>Reads on and passes nothing, until the client gives up.</summary>
        public async Task SwallowAsync()
        {
            var buffer = new byte[BufferBytes];
            while (await client.ReceiveAsync(buffer, Token) > 0)
            {
                // Gone.
            }
        }

        public void Dispose()
        {
            client.Dispose();
            Node?.Dispose();
            _end.Dispose();
        }
    }
}
