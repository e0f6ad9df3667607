using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>
/// Follows the log into the tail and offers each event to the connections that asked for its topic: the one writer of the
/// tail, the one dispatcher of the server. Publishers never wait for it.
/// </summary>
internal sealed partial class TailFeeder(
    IEventLog log, EventTail tail, ConnectionSet connections, WakePacer pacer, StreamsMetrics metrics, TimeProvider time, ILogger<TailFeeder> logger)
    : BackgroundService
{
    private readonly List<Connection> _found = [];
    private readonly List<Connection> _toWake = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventId _latest;

    // A log that answers does so well within; one that is away must not keep the server from starting.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(3);

    /// <summary>The server opens its doors when the tail has begun, so that its first client is not sent away.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAny(_started.Task, Task.Delay(StartPatience, time, cancellationToken)).ConfigureAwait(false);
        if (!tail.IsStarted)
            Log.StartsWithoutLog(logger);
    }

    internal void Begin(EventId start)
    {
        _latest = start;
        tail.Start(start);
        _started.TrySetResult();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            Begin(await log.FindStartAsync(tail.Capacity, stoppingToken).ConfigureAwait(false));
            await foreach (var read in log.FollowAsync(_latest, stoppingToken).ConfigureAwait(false))
                Feed(read);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; connections were drained before.
        }
    }

    internal void Feed(LogRead read)
    {
        if (read.Status is LogReadStatus.Evicted or LogReadStatus.OtherEpoch)
        {
            var reason = read.Status is LogReadStatus.Evicted ? GapReason.Evicted : GapReason.Epoch;
            Log.Gap(logger, reason, _latest, read.State.Oldest);
            metrics.GapInTail();
            Dispatch(new TailEntry(new Gap(_latest.ToString(), read.State.Oldest, reason)));
        }

        foreach (var e in read.Events)
            Dispatch(new TailEntry(e));

        // Woken after the whole page, a connection finds all of it and sends it in one write.
        pacer.Wake(_toWake);
        _toWake.Clear();
        _found.Clear();
    }

    private void Dispatch(TailEntry entry)
    {
        tail.Append(entry);
        _latest = entry.Id;
        connections.Match(entry, _found);
        if (_found.Count > 0)
            Trace(entry);
        foreach (var connection in _found)
        {
            if (connection.Offer(entry))
                _toWake.Add(connection);
        }

        tail.Dispatched = entry.Index;
    }

    // The first that this server has to do with the event; who publishes decides whether it is sampled. What an event says costs nothing else.
    private static void Trace(TailEntry entry)
    {
        if (entry.Event?.Draft.Trace is not { } trace
            || !StreamsActivities.Source.HasListeners()
            || !ActivityContext.TryParse(trace, null, isRemote: true, out var context))
        {
            return;
        }

        using var span = StreamsActivities.Source.StartActivity("deliver", ActivityKind.Consumer, context);
        span?.SetTag(StreamsActivities.SystemTag, StreamsActivities.System);
        span?.SetTag(StreamsActivities.OperationTag, "process");
        span?.SetTag(StreamsActivities.DestinationTag, entry.Event.Topic.Value);
        span?.SetTag(StreamsActivities.MessageIdTag, entry.Id.ToString());
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "The event log does not answer yet; clients are sent away for a moment until it does.")]
        public static partial void StartsWithoutLog(ILogger logger);

        [LoggerMessage(1, LogLevel.Warning,
            "The log no longer holds what follows {After}; delivery goes on at {Next} ({Reason}). Clients are told of the gap.")]
        public static partial void Gap(ILogger logger, GapReason reason, EventId after, EventId next);
    }
}
