using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>One measurement: subscribers are open, publishers publish at a pace, the server's process is watched.</summary>
internal sealed class LoadRun(Target target, ProcessTree server, LoadShape shape)
{
    // After the last publish, events on their way get this long without any arriving before they count as lost.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(15);

    public async Task<LoadFigures> RunAsync(Pace pace, CancellationToken cancellationToken)
    {
        await using var crowd = new SubscriberCrowd(target, shape.Publishers);
        await crowd.OpenAsync(shape.Connections, cancellationToken);

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var publishers = new List<Publisher>();
        try
        {
            for (var i = 0; i < shape.Publishers; i++)
            {
                publishers.Add(new Publisher(target, i, shape.PayloadBytes));
                await publishers[i].ConnectAsync(cancellationToken);
            }

            var publishing = publishers.Select(publisher => pace.RunAsync(publisher, crowd.Subscribers, stopping.Token)).ToList();
            await WaitAsync(shape.WarmUp, publishing, cancellationToken);
            var before = await Point.TakeAsync(crowd, server, publishers, cancellationToken);
            await WaitAsync(shape.Duration, publishing, cancellationToken);
            var after = await Point.TakeAsync(crowd, server, publishers, cancellationToken);
            var memory = server.Memory();

            await stopping.CancelAsync();
            await Task.WhenAll(publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var end = await DrainAsync(crowd, cancellationToken);
            return Figures(before, after, end, Missing(crowd, publishers), memory);
        }
        finally
        {
            foreach (var publisher in publishers)
                await publisher.DisposeAsync();
        }
    }

    // A publisher that fails ends the measurement at once.
    private static async Task WaitAsync(TimeSpan time, IEnumerable<Task> publishing, CancellationToken cancellationToken)
    {
        var first = await Task.WhenAny([Task.Delay(time, cancellationToken), .. publishing]);
        await first;
    }

    private static async Task<ReadFigures.Snapshot> DrainAsync(SubscriberCrowd crowd, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var last = await crowd.TakeAsync(cancellationToken);
        while (true)
        {
            await Task.Delay(Quiet, cancellationToken);
            var now = await crowd.TakeAsync(cancellationToken);
            if (now.Deliveries == last.Deliveries || Stopwatch.GetElapsedTime(start) > LongestDrain)
                return now;
            last = now;
        }
    }

    // What each subscriber has not come to by the end; what it jumped over is counted as it reads.
    private static long Missing(SubscriberCrowd crowd, List<Publisher> publishers) =>
        crowd.Subscribers.Where(subscriber => subscriber.Ended is null)
            .Sum(subscriber => publishers.Sum(publisher => publisher.Published - subscriber.Position(publisher.Number)));

    private LoadFigures Figures(Point before, Point after, ReadFigures.Snapshot end, long missing, MemoryUse memory) => new()
    {
        Server = target.Name,
        Connections = shape.Connections,
        Seconds = (after.Time - before.Time).TotalSeconds,
        Published = after.Published - before.Published,
        Deliveries = after.Read.Deliveries - before.Read.Deliveries,
        Reads = after.Read.Reads - before.Read.Reads,
        Lost = end.Missed + missing,
        Repeated = end.Repeated,
        Gaps = end.Gaps,
        Ended = end.Ended,
        P50 = Milliseconds(after, 50),
        P99 = Milliseconds(after, 99),
        Max = Milliseconds(after, 100),
        ServerCpu = (after.ServerCpu - before.ServerCpu).TotalSeconds,
        GeneratorCpu = (after.OwnCpu - before.OwnCpu).TotalSeconds,
        OtherCpu = Math.Max(0, (after.MachineCpu - before.MachineCpu - (after.ServerCpu - before.ServerCpu) - (after.OwnCpu - before.OwnCpu)).TotalSeconds),
        Memory = memory,
    };

    private static double Milliseconds(Point after, double percentile) =>
        after.Read.Latency.TotalCount == 0 ? double.NaN : after.Read.Latency.GetValueAtPercentile(percentile) / 1000.0;

    private sealed record Point(TimeSpan Time, ReadFigures.Snapshot Read, long Published, TimeSpan ServerCpu, TimeSpan OwnCpu, TimeSpan MachineCpu)
    {
        public static async Task<Point> TakeAsync(
            SubscriberCrowd crowd, ProcessTree server, List<Publisher> publishers, CancellationToken cancellationToken) => new(
                Stopwatch.GetElapsedTime(0),
                await crowd.TakeAsync(cancellationToken),
                publishers.Sum(publisher => publisher.Published),
                server.CpuTime(),
                Environment.CpuUsage.TotalTime,
                Buffkit.Benchmarks.MachineCpu.BusyTime());
    }
}

/// <summary>Size and length of a measurement.</summary>
internal sealed record LoadShape(int Connections, int Publishers, int PayloadBytes, TimeSpan WarmUp, TimeSpan Duration);
