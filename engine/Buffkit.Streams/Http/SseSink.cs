using System.Buffers;
using System.IO.Pipelines;

namespace Buffkit.Streams;

/// <summary>Writes frames into a response body, as they are or as one gzip member.</summary>
internal sealed class SseSink : FrameSink
{
    private readonly PipeWriter _body;
    private Crc32Span _written = Crc32Span.Empty;

    private readonly bool _heartbeatEvents;

    /// <param name="body">The response's body.</param>
    /// <param name="kind">What is written.</param>
    /// <param name="heartbeatEvents">Every heartbeat is an event.</param>
    public SseSink(PipeWriter body, FrameKind kind, bool heartbeatEvents = false)
    {
        _body = body;
        _heartbeatEvents = heartbeatEvents;
        Kind = kind;
        if (IsGzip)
            Take(GzipFrames.Header);
    }

    public override FrameKind Kind { get; }

    private bool IsGzip => Kind.Coding is ContentCoding.Gzip;

    public override void Write(Frame frame)
    {
        Take(frame.Bytes.Span);
        if (IsGzip)
            _written = _written.Then(frame.Checksum);
    }

    public override void WriteOpen(StreamOpen open, TimeSpan retry) => WriteOwn((open, retry), static (to, beginning) =>
    {
        SseField.Retry(to, beginning.retry);
        ControlEvents.WriteOpen(to, beginning.open);
    });

    public override void WriteLive(StreamLive live) => WriteOwn(live, ControlEvents.WriteLive);

    // A comment has no id: what moves the client's last id is an event.
    public override void WriteHeartbeat(EventId cursor, bool isToMove) =>
        WriteOwn<EventId>(cursor, _heartbeatEvents || isToMove ? ControlEvents.WriteHeartbeat : static (to, _) => SseField.Comment(to));

    public override void WriteClose(StreamClose close) => WriteOwn(close, ControlEvents.WriteClose);

    // The token is not passed on: a write that hangs is the watchdog's to cut, and a registration per write would cost.
    public override ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Buffered = 0;
        var flush = _body.FlushAsync(CancellationToken.None);
        return flush.IsCompletedSuccessfully ? ValueTask.FromResult(IsOpen(flush.Result)) : AwaitAsync(flush);
    }

    /// <summary>Ends the body; a reader of gzip can then tell that it is whole.</summary>
    public override ValueTask<bool> CompleteAsync()
    {
        if (!IsGzip)
            return ValueTask.FromResult(true);
        GzipFrames.WriteTrailer(_body, _written);
        return FlushAsync(CancellationToken.None);
    }

    private static async ValueTask<bool> AwaitAsync(ValueTask<FlushResult> flush) => IsOpen(await flush.ConfigureAwait(false));

    private static bool IsOpen(FlushResult flush) => flush is { IsCompleted: false, IsCanceled: false };

    // What is encoded for this connection alone: rare and small, so not compressed.
    private void WriteOwn<T>(T value, Action<IBufferWriter<byte>, T> encode)
    {
        var plain = new ArrayBufferWriter<byte>();
        encode(plain, value);
        Write(IsGzip ? GzipFrames.Encode(plain.WrittenSpan, compress: false) : new Frame(plain.WrittenMemory));
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _body.Write(bytes);
        Buffered += bytes.Length;
    }
}
