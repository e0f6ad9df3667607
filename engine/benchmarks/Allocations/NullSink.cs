using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Takes frames and sends nothing: what remains is the engine.</summary>
internal sealed class NullSink : FrameSink
{
    private long _frames;
    private long _flushed;

    /// <summary>Frames flushed so far.</summary>
    public long Flushed => Volatile.Read(ref _flushed);

    public override FrameKind Kind => new(WireForm.RawSse, ContentCoding.Identity);

    public override void Write(Frame frame)
    {
        _frames++;
        Buffered += frame.Length;
    }

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

    public override ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Buffered = 0;
        Volatile.Write(ref _flushed, _frames);
        return ValueTask.FromResult(true);
    }
}
