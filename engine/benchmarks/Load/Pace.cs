using System.Diagnostics;

namespace Buffkit.Benchmarks;

/// <summary>When a publisher publishes.</summary>
internal abstract class Pace
{
    /// <summary>Publishes until it is cancelled.</summary>
    public abstract Task RunAsync(Publisher publisher, IReadOnlyList<Subscriber> subscribers, CancellationToken cancellationToken);
}

/// <summary>
/// So many events a second, each due at its time whatever became of the one before: a server that stalls is charged for
/// the events that should have come meanwhile.
/// </summary>
internal sealed class SteadyPace(double eventsPerSecond) : Pace
{
    public override async Task RunAsync(Publisher publisher, IReadOnlyList<Subscriber> subscribers, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 1L; ; i++)
        {
            var due = start + (long)(i / eventsPerSecond * Stopwatch.Frequency);
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, cancellationToken);
            await publisher.PublishAsync(1, 1, Math.Min(due, Stopwatch.GetTimestamp()), cancellationToken);
        }
    }
}

/// <summary>
/// As fast as the server delivers: a bounded number of events is under way, counted from publishing to the slowest
/// subscriber's receipt. An acknowledged publish alone would not do: a server that acknowledges before it delivers would be
/// flooded until something gives, one that delivers first would not.
/// </summary>
/// <param name="window">Most events under way; 0 bounds only the requests that are unanswered.</param>
/// <param name="perRequest">Most events in one publish request, where the server takes several.</param>
internal sealed class FloodPace(int window, int perRequest) : Pace
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    // A server that lost the last events of the window would hold up the flood for good.
    private static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(2);

    public override async Task RunAsync(Publisher publisher, IReadOnlyList<Subscriber> subscribers, CancellationToken cancellationToken)
    {
        var moved = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var free = window == 0 ? perRequest : window - (int)(publisher.Published - Slowest(publisher, subscribers));
            if (free <= 0 && Stopwatch.GetElapsedTime(moved) > LongestStall)
                free = window;
            if (free <= 0)
            {
                await Task.Delay(Look, cancellationToken);
                continue;
            }

            moved = Stopwatch.GetTimestamp();
            await publisher.PublishAsync(free, perRequest, moved, cancellationToken);
        }
    }

    private static long Slowest(Publisher publisher, IReadOnlyList<Subscriber> subscribers)
    {
        var slowest = publisher.Published;
        foreach (var subscriber in subscribers)
        {
            if (subscriber.Ended is null)
                slowest = Math.Min(slowest, subscriber.Position(publisher.Number));
        }

        return slowest;
    }
}
