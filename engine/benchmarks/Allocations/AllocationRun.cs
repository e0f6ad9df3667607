using System.Buffers;
using System.Diagnostics;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>Counts the bytes that the process allocates while events are published and delivered.</summary>
internal static class AllocationRun
{
    private const int PayloadBytes = 128;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Publishes bursts, each after every connection has the one before.</summary>
    /// <param name="delivery">The server; nothing was published to it before.</param>
    /// <param name="events">Events to measure, after a tenth as many to warm up.</param>
    /// <param name="burst">Events published together: 1 makes every delivery a wake and a write of its own.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>Bytes allocated per event.</returns>
    public static async Task<double> BytesPerEventAsync(IDelivery delivery, int events, int burst, CancellationToken cancellationToken)
    {
        var warmUp = Math.Max(events / 10, burst);
        await PublishAsync(delivery, from: 0, warmUp, burst, cancellationToken);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await PublishAsync(delivery, from: warmUp, events, burst, cancellationToken);
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)events;
    }

    private static async Task PublishAsync(IDelivery delivery, long from, int count, int burst, CancellationToken cancellationToken)
    {
        for (var last = from + count; from < last;)
        {
            var size = (int)Math.Min(burst, last - from);
            var drafts = new EventDraft[size];
            for (var i = 0; i < size; i++)
                drafts[i] = Draft(from + 1 + i);
            await delivery.Publisher.TryPublishAsync(drafts, cancellationToken: cancellationToken);
            from += size;
            Await(delivery, from, cancellationToken);
        }
    }

    // Blocks, because a timer or a task per look would be allocations of the measurement's own.
    private static void Await(IDelivery delivery, long events, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!delivery.HasDelivered(events))
        {
            cancellationToken.WaitHandle.WaitOne(Look);
            cancellationToken.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(begin) > Patience)
                throw new CannotMeasureException($"Event {events} did not reach every connection in {Patience.TotalSeconds} s.");
        }
    }

    private static EventDraft Draft(long sequence)
    {
        var payload = new ArrayBufferWriter<byte>(PayloadBytes + 2);
        payload.Write("\""u8);
        new Stamp(Stopwatch.GetTimestamp(), 0, sequence).Write(payload, PayloadBytes);
        payload.Write("\""u8);
        return new EventDraft { Topic = Topic.Parse(NullDelivery.Topic), Type = "tick", Data = payload.WrittenMemory };
    }
}
