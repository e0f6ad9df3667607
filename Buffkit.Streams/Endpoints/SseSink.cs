using System.Buffers;
using System.IO.Pipelines;

namespace Buffkit.Streams;

/// <summary>Writes frames into a response body.</summary>
internal sealed class SseSink(PipeWriter body, WireForm form) : FrameSink
{
    public override WireForm Form => form;

    public override void Write(ReadOnlySpan<byte> frame)
    {
        body.Write(frame);
        Buffered += frame.Length;
    }

    public override void WriteHeartbeat() => Write(ControlEvents.Heartbeat);

    public override void WriteClose(CloseReason reason, TimeSpan retry) =>
        WriteControl((reason, retry), static (to, close) => ControlEvents.WriteClose(to, close.reason, close.retry));

    /// <summary>Writes what is encoded for this connection alone.</summary>
    public void WriteControl<T>(T value, Action<IBufferWriter<byte>, T> encode)
    {
        var scratch = new ArrayBufferWriter<byte>();
        encode(scratch, value);
        Write(scratch.WrittenSpan);
    }

    // The token is not passed on: a write that hangs is the watchdog's to cut, and a registration per write would cost.
    public override async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Buffered = 0;
        var flush = await body.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        return !flush.IsCompleted && !flush.IsCanceled;
    }
}
