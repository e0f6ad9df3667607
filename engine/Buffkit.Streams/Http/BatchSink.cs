using System.Buffers;

namespace Buffkit.Streams;

/// <summary>Gathers the frames of one long poll into a JSON array. It has had enough with the first events that come.</summary>
internal sealed class BatchSink : FrameSink
{
    private readonly ArrayBufferWriter<byte> _array = new(1024);

    public BatchSink() => _array.Write("["u8);

    public override FrameKind Kind => new(WireForm.CloudEventsJson, ContentCoding.Identity);

    public bool IsEmpty => _array.WrittenCount == 1;

    public override void Write(Frame frame)
    {
        if (!IsEmpty)
            _array.Write(","u8);
        _array.Write(frame.Bytes.Span);
        Buffered += frame.Length;
    }

    // A poll is one request, not a stream: nothing is written at its beginning, while it waits, or at its end.
    public override void WriteOpen(StreamOpen open, TimeSpan retry)
    {
    }

    public override void WriteLive(StreamLive live)
    {
    }

    public override void WriteHeartbeat(EventId cursor, bool isToMove)
    {
    }

    public override void WriteClose(StreamClose close)
    {
    }

    public override ValueTask<bool> FlushAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>The array, whole.</summary>
    public ReadOnlyMemory<byte> Complete()
    {
        _array.Write("]"u8);
        return _array.WrittenMemory;
    }
}
