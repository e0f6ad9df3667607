using System.Buffers.Binary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Buffkit.Streams;

/// <summary>
/// Bounds the frames that a client of a WebSocket sends in a second. The framework's socket answers each ping by itself and tells
/// nobody, so they are counted on the connection beneath it.
/// </summary>
internal sealed class WebSocketFrameLimit(int framesPerSecond, TimeProvider time)
{
    private readonly TaskCompletionSource _exceeded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the client sent more; from then on nothing of it is looked at.</summary>
    public Task Exceeded => _exceeded.Task;

    /// <summary>Lets the connection that a request becomes be counted, whichever way it becomes one.</summary>
    public static void Attach(HttpContext http, int framesPerSecond, TimeProvider time)
    {
        if (framesPerSecond == 0)
            return;
        var limit = new WebSocketFrameLimit(framesPerSecond, time);
        http.Features.Set(limit);
        if (http.Features.Get<IHttpUpgradeFeature>() is { } upgrade)
            http.Features.Set<IHttpUpgradeFeature>(new CountedUpgrade(upgrade, limit));
        if (http.Features.Get<IHttpExtendedConnectFeature>() is { } connect)
            http.Features.Set<IHttpExtendedConnectFeature>(new CountedConnect(connect, limit));
    }

    private CountedStream Count(Stream connection) => new(connection, this, framesPerSecond, time);

    private sealed class CountedUpgrade(IHttpUpgradeFeature inner, WebSocketFrameLimit limit) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => limit.Count(await inner.UpgradeAsync());
    }

    private sealed class CountedConnect(IHttpExtendedConnectFeature inner, WebSocketFrameLimit limit) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => limit.Count(await inner.AcceptAsync());
    }

    /// <summary>Passes everything through, and counts the frames that come in (RFC 6455, section 5.2).</summary>
    private sealed class CountedStream(Stream inner, WebSocketFrameLimit limit, int framesPerSecond, TimeProvider time) : Stream
    {
        private const int MaxHeader = 14;

        private static readonly TimeSpan DiscardPause = TimeSpan.FromMilliseconds(10);

        private readonly byte[] _header = new byte[MaxHeader];
        private int _headerLength;
        private ulong _payloadLeft;
        private long _second = time.GetTimestamp();
        private int _frames;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            if (Pass(buffer.Span[..read]))
                return read;
            limit._exceeded.TrySetResult();
            // What still comes in is read, slowly, and not looked at. If the connection were closed before that, it would be reset, and
            // the client could not read the reason.
            while (await inner.ReadAsync(buffer, cancellationToken) > 0)
                await Task.Delay(DiscardPause, time, cancellationToken);
            return 0;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.WriteAsync(buffer, offset, count, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        /// <returns>Whether the client may send what it sent.</returns>
        private bool Pass(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                if (_payloadLeft > 0)
                {
                    var skipped = (int)Math.Min(_payloadLeft, (ulong)bytes.Length);
                    _payloadLeft -= (ulong)skipped;
                    bytes = bytes[skipped..];
                    continue;
                }

                _header[_headerLength++] = bytes[0];
                bytes = bytes[1..];
                if (_headerLength < 2 || _headerLength < HeaderLength())
                    continue;
                _payloadLeft = PayloadLength();
                _headerLength = 0;
                if (!CountFrame())
                    return false;
            }

            return true;
        }

        private int HeaderLength() => 2 + LengthBytes() + ((_header[1] & 0x80) != 0 ? 4 : 0);

        private int LengthBytes() => (_header[1] & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 };

        private ulong PayloadLength() => LengthBytes() switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            8 => BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)),
            _ => (ulong)(_header[1] & 0x7F),
        };

        private bool CountFrame()
        {
            if (time.GetElapsedTime(_second) >= TimeSpan.FromSeconds(1))
                (_second, _frames) = (time.GetTimestamp(), 0);
            return ++_frames <= framesPerSecond;
        }
    }
}
