using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Buffkit.Tests;

/// <summary>
/// An HTTP/1.1 client on a bare socket, so that tests see what is on the wire, and can stop reading or vanish as a
/// phone does.
/// </summary>
public sealed class RawConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly BufferedStream _input;

    private RawConnection(Socket socket)
    {
        _socket = socket;
        _input = new BufferedStream(new NetworkStream(socket, ownsSocket: false));
    }

    public int Status { get; private set; }

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The body as it comes, without the chunks' framing.</summary>
    public Stream Body { get; private set; } = Stream.Null;

    public static Task<RawConnection> GetAsync(
        Uri server, string pathAndQuery, (string Name, string Value)[]? headers = null, int? receiveBuffer = null) =>
        SendAsync(server, "GET", pathAndQuery, headers ?? [], receiveBuffer: receiveBuffer);

    /// <summary>Publishes, with header lines as they are given: a name twice is two lines.</summary>
    public static Task<RawConnection> PostAsync(Uri server, string pathAndQuery, (string Name, string Value)[] headers, byte[] body) =>
        SendAsync(server, "POST", pathAndQuery, [.. headers, ("Content-Length", body.Length.ToString(CultureInfo.InvariantCulture))], body);

    /// <summary>Announces a body, sends a part of it, and waits for what the server says to that.</summary>
    public static Task<RawConnection> PostPartAsync(
        Uri server, string pathAndQuery, (string Name, string Value)[] headers, int announced, byte[] part, CancellationToken leave) =>
        SendAsync(server, "POST", pathAndQuery, [.. headers, ("Content-Length", announced.ToString(CultureInfo.InvariantCulture))], part, leave: leave);

    private static async Task<RawConnection> SendAsync(
        Uri server, string method, string pathAndQuery, (string Name, string Value)[] headers, byte[]? body = null, int? receiveBuffer = null, CancellationToken leave = default)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } bytes)
            socket.ReceiveBufferSize = bytes;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(leave, TestContext.Current.CancellationToken);
            var cancellationToken = either.Token;
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), cancellationToken);
            var connection = new RawConnection(socket);
            var request = new StringBuilder($"{method} {pathAndQuery} HTTP/1.1\r\nHost: {server.Authority}\r\n");
            foreach (var (name, value) in headers)
                request.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
            request.Append("\r\n");
            await socket.SendAsync(Encoding.UTF8.GetBytes(request.ToString()), cancellationToken);
            if (body is not null)
                await socket.SendAsync(body, cancellationToken);
            await connection.ReadHeadAsync(cancellationToken);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends more, where the request has become another protocol's connection.</summary>
    public async Task SendAsync(byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
            sent += await _socket.SendAsync(bytes.AsMemory(sent), TestContext.Current.CancellationToken);
    }

    /// <summary>Vanishes with a reset, as a lost network does once the server writes again.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ReadHeadAsync(CancellationToken cancellationToken)
    {
        var status = await ReadLineAsync(_input, cancellationToken);
        Status = int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture);
        while (await ReadLineAsync(_input, cancellationToken) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        Body = Headers.ContainsKey("Transfer-Encoding") ? new ChunkedStream(_input) : _input;
    }

    private static async Task<string> ReadLineAsync(Stream from, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var next = new byte[1];
        while (true)
        {
            if (await from.ReadAsync(next, cancellationToken) == 0)
                throw new EndOfStreamException($"The connection ended within a line: '{line}'.");
            if (next[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)next[0]);
        }
    }

    /// <summary>Takes the framing of RFC 9112, section 7.1, off a body.</summary>
    private sealed class ChunkedStream(Stream inner) : Stream
    {
        private int _left;
        private bool _ended;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_ended || buffer.Length == 0)
                return 0;
            if (_left == 0)
            {
                var size = await ReadLineAsync(inner, cancellationToken);
                _left = int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                if (_left == 0)
                {
                    _ended = true;
                    return 0;
                }
            }

            var read = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, _left)], cancellationToken);
            if (read == 0)
                throw new EndOfStreamException("The connection ended within a chunk.");
            _left -= read;
            if (_left == 0)
                await ReadLineAsync(inner, cancellationToken);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
