using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>What every connection of a server shares.</summary>
internal sealed class DeliveryContext(
    EventTail tail, ReplayReader replay, FrameEncoder encoder, StreamsMetrics metrics, IOptions<StreamsOptions> options, TimeProvider time)
{
    public EventTail Tail { get; } = tail;

    public ReplayReader Replay { get; } = replay;

    public FrameEncoder Encoder { get; } = encoder;

    public StreamsMetrics Metrics { get; } = metrics;

    public DeliveryOptions Options { get; } = options.Value.Delivery;

    public TimeProvider Time { get; } = time;

    /// <summary>Tells one connection of a gap.</summary>
    public void WriteGap(Gap gap, FrameSink sink)
    {
        Metrics.Gap(gap.Reason);
        sink.Write(Encoder.Frame(new TailEntry(gap), sink.Kind));
    }
}
