using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buffkit.Tests;

/// <summary>What a client got, in order.</summary>
public enum ReceivedKind
{
    /// <summary>An event whose data is a number.</summary>
    Event,
    Open,
    Gap,
    Close,
}

public readonly record struct Received(ReceivedKind Kind, int Number, string? Json);

/// <summary>
/// A stream client for millions of events: HTTP/1.0, so the body comes without chunks, read in large pieces and scanned in
/// place. Each event's data is a number.
/// </summary>
public sealed class FastStreamClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer;
    private int _start;
    private int _end;
    private byte[] _id = [];
    private int _idLength;
    private bool _inBody;

    private FastStreamClient(int bufferSize) => _buffer = new byte[bufferSize];

    public string LastEventId => Encoding.ASCII.GetString(_id, 0, _idLength);

    /// <param name="server">Where.</param>
    /// <param name="query">What, from the question mark on.</param>
    /// <param name="lastEventId">From where.</param>
    /// <param name="bufferSize">Bytes read at a time; small for a slow reader.</param>
    public static async Task<FastStreamClient> ConnectAsync(Uri server, string query, string? lastEventId = null, int bufferSize = 64 * 1024)
    {
        var client = new FastStreamClient(Math.Max(bufferSize, 2048));
        if (bufferSize < 64 * 1024)
            client._socket.ReceiveBufferSize = bufferSize;
        await client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), TestContext.Current.CancellationToken);
        var cursor = lastEventId is null ? "" : $"Last-Event-ID: {lastEventId}\r\n";
        await client._socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET /events{query} HTTP/1.0\r\nHost: x\r\n{cursor}\r\n"), TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>Reads once from the socket and gives what is complete to the receiver.</summary>
    /// <returns><see langword="false"/> at the end of the stream, or when the receiver has had enough.</returns>
    public async ValueTask<bool> ReadAsync(Func<Received, bool> receive)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_end), TestContext.Current.CancellationToken);
        _end += read;
        return read > 0 && Scan(receive);
    }

    /// <summary>Vanishes with a reset.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private bool Scan(Func<Received, bool> receive)
    {
        while (true)
        {
            var rest = _buffer.AsSpan(_start, _end - _start);
            if (!_inBody)
            {
                var head = rest.IndexOf("\r\n\r\n"u8);
                if (head < 0)
                    return true;
                if (!rest.StartsWith("HTTP/1.1 200"u8) && !rest.StartsWith("HTTP/1.0 200"u8))
                    throw new InvalidOperationException(Encoding.ASCII.GetString(rest[..head]));
                _inBody = true;
                _start += head + 4;
                continue;
            }

            var end = rest.IndexOf("\n\n"u8);
            if (end < 0)
                return true;
            _start += end + 2;
            if (!Block(rest[..(end + 1)], receive))
                return false;
        }
    }

    private bool Block(Span<byte> block, Func<Received, bool> receive)
    {
        ReceivedKind? kind = ReceivedKind.Event;
        var data = Span<byte>.Empty;
        while (!block.IsEmpty)
        {
            var end = block.IndexOf((byte)'\n');
            var line = block[..end];
            block = block[(end + 1)..];
            if (line.StartsWith("id: "u8))
                SetId(line[4..]);
            else if (line.StartsWith("event: stream."u8))
                kind = line[14] switch { (byte)'o' => ReceivedKind.Open, (byte)'g' => ReceivedKind.Gap, (byte)'c' => ReceivedKind.Close, _ => null };
            else if (line.StartsWith("data: "u8))
                data = line[6..];
        }

        if (data.IsEmpty || kind is not { } known)
            return true;
        if (known is not ReceivedKind.Event)
            return receive(new Received(known, 0, Encoding.UTF8.GetString(data)));
        Assert.True(Utf8Parser.TryParse(data, out int number, out _), Encoding.UTF8.GetString(data));
        return receive(new Received(known, number, null));
    }

    private void SetId(Span<byte> id)
    {
        if (_id.Length < id.Length)
            _id = new byte[64];
        id.CopyTo(_id);
        _idLength = id.Length;
    }
}
