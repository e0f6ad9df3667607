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
    private bool _isTracingBroken;

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
        foreach (var connection in _found)
        {
            if (connection.Offer(entry))
                _toWake.Add(connection);
        }

        tail.Dispatched = entry.Index;
        if (_found.Count > 0)
            Trace(entry);
    }

    // The first that this server has to do with the event, for which there is a span where its publish was sampled. Who records spans is the
    // application's: delivery does not end with it.
    private void Trace(TailEntry entry)
    {
        if (!StreamsActivities.Source.HasListeners()
            || entry.Event?.Draft is not { TraceParent: { } trace } draft
            || !ActivityContext.TryParse(trace, null, isRemote: true, out var context)
            || (context.TraceFlags & ActivityTraceFlags.Recorded) == 0)
        {
            return;
        }

        var before = Activity.Current;
        try
        {
            ActivityLink[]? links = ActivityContext.TryParse(draft.CloudEvent?.TraceParent, null, isRemote: true, out var own) ? [new ActivityLink(own)] : null;
            using var span = StreamsActivities.Source.StartActivity("deliver", ActivityKind.Consumer, context, tags: null, links);
            if (span is not { IsAllDataRequested: true })
                return;
            span.SetTag(StreamsActivities.SystemTag, StreamsActivities.System);
            span.SetTag(StreamsActivities.OperationTag, "process");
            span.SetTag(StreamsActivities.OperationNameTag, "deliver");
            span.SetTag(StreamsActivities.DestinationTag, draft.Topic.Value);
            span.SetTag(StreamsActivities.MessageIdTag, entry.Id.ToString());
        }
        catch (Exception e)
        {
            if (!_isTracingBroken)
                Log.NotTraced(logger, e);
            _isTracingBroken = true;
        }
        finally
        {
            // Where it threw, the span would stay the present one of all that follows.
            Activity.Current = before;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Warning, "The event log does not answer yet; clients are sent away for a moment until it does.")]
        public static partial void StartsWithoutLog(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "Whoever records spans failed at that of a delivery. Events are delivered all the same; this is said once.")]
        public static partial void NotTraced(ILogger logger, Exception e);

        [LoggerMessage(1, LogLevel.Warning,
            "The log no longer holds what follows {After}; delivery goes on at {Next} ({Reason}). Clients are told of the gap.")]
        public static partial void Gap(ILogger logger, GapReason reason, EventId after, EventId next);
    }
}
