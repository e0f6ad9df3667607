using Microsoft.Extensions.Logging;

namespace Buffkit.Streams.Sql;

/// <summary>
/// Copies a log that servers share into the database: one of them at a time, in batches that grow with what comes, from where the
/// history ends.
/// </summary>
internal sealed partial class HistoryWriter(
    IEventLog log, EventTail tail, EventDatabase database, HistoryOptions options, HistoryHealth health, TimeProvider time, ILogger<HistoryWriter> logger)
    : LeasedService(database, "history", options.Lease, time)
{
    /// <summary>Most events of a batch: the cost of a transaction vanishes, and it lasts a tenth of a second.</summary>
    public const int BatchEvents = 5_000;

    /// <summary>Bytes after which a batch ends.</summary>
    public const int BatchBytes = 4 * 1024 * 1024;

    // Nobody waits for the history: what comes within this is one transaction.
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(20);

    private const string LogIsBehind =
        "The history holds events that the log does not: was the log (Redis) set back to an earlier state without a new epoch? Nothing is copied. Flush the log, so that it begins a new epoch.";

    private bool _isKnown;

    // Where a log came back after another was copied, some of its events may be there up to here.
    private long _mayBeThere;

    // A log that is this database has nothing to copy.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        log is SqlEventLog || !options.Enabled ? Task.CompletedTask : base.ExecuteAsync(stoppingToken);

    protected override async Task WorkAsync(CancellationToken stop)
    {
        if (!_isKnown)
            Log.Begins(logger);
        _isKnown = true;
        await CopyAsync(stop).ConfigureAwait(false);
        _isKnown = false;
        Log.Ends(logger);
    }

    protected override void Turn(bool isOurs) => health.IsWriter = isOurs;

    protected override void Answered() => health.WriteSucceeded();

    protected override void Failed(Exception e) => health.WriteFailed(e);

    // Until the lease is lost.
    private async Task CopyAsync(CancellationToken stop)
    {
        var after = await FindEndAsync(stop).ConfigureAwait(false);
        // Whether the event at the end was written in this turn; a run may be empty.
        var isWritten = false;
        while (true)
        {
            var seen = tail.Dispatched;
            var read = after is { } cursor
                ? await log.ReadAsync(cursor, BatchEvents, BatchBytes, stop).ConfigureAwait(false)
                : await ReadFirstAsync(stop).ConfigureAwait(false);
            if (read.Status is LogReadStatus.Unknown)
            {
                health.WriteIsHeldUp(LogIsBehind);
                if (!await WaitAsync(seen, stop).ConfigureAwait(false))
                    return;
                continue;
            }

            var (held, next) = read switch
            {
                { Status: LogReadStatus.Found, Events.Count: > 0 } => await WriteAsync(isWritten ? after : null, read.Events, null, stop).ConfigureAwait(false),
                { Status: LogReadStatus.Evicted or LogReadStatus.OtherEpoch } => await BeginRunAsync(after, read.State.Oldest, stop).ConfigureAwait(false),
                _ => (await WaitAsync(seen, stop).ConfigureAwait(false), null),
            };
            if (!held)
                return;
            isWritten = read.Status is LogReadStatus.Evicted or LogReadStatus.OtherEpoch ? false : isWritten || read.Events.Count > 0;
            after = next ?? after;
            Succeeded();
            health.Lag = after is { } at && read.State.Epoch == at.Epoch ? Math.Max(0, read.State.Latest.Sequence - at.Sequence) : 0;
        }
    }

    private async Task<EventId?> FindEndAsync(CancellationToken stop) =>
        await Database.QueryAsync<EventId?>(
            async connection =>
            {
                if (await EventRun.FindNewestAsync(connection, null, stop).ConfigureAwait(false) is not { } run)
                    return null;
                return await run.FindEndsAsync(connection, null, stop).ConfigureAwait(false) is { } ends
                    ? run.First with { Sequence = ends.Newest }
                    : run.First.Previous;
            },
            stop).ConfigureAwait(false);

    private async Task<LogRead> ReadFirstAsync(CancellationToken stop) =>
        await log.ReadStateAsync(stop).ConfigureAwait(false) is { } state
            ? new LogRead(LogReadStatus.OtherEpoch, [], state)
            : new LogRead(LogReadStatus.Unavailable, [], default);

    private async Task<(bool Held, EventId? After)> WriteAsync(
        EventId? after, IReadOnlyList<StreamEvent> events, EventId? run, CancellationToken stop)
    {
        var held = await Database.InTransactionAsync(
            async (connection, transaction) =>
            {
                if (!await Lease.HoldAsync(connection, transaction, stop).ConfigureAwait(false))
                    return false;
                if (after is { } last && !await EventRun.HoldsAsync(connection, transaction, last, stop).ConfigureAwait(false))
                    throw new IOException("The database no longer holds what it had confirmed: it was set back, or lost its last moments. It is looked up where it ends.");
                if (run is { } first)
                {
                    // A log that was left and has come back goes on with its run, where nothing is lost in between.
                    var begin = await EventRun.HoldsAsync(connection, transaction, first.Previous, stop).ConfigureAwait(false)
                        && await EventRun.FindOfAsync(connection, first.Previous, stop, transaction).ConfigureAwait(false) is { } left
                            ? left.First
                            : first;
                    await EventRun.BeginAsync(connection, transaction, Database, begin, isLog: false, unsafeIn: null, stop).ConfigureAwait(false);
                    _mayBeThere = await EventRun.FindNewestOfAsync(connection, transaction, first.Epoch, stop).ConfigureAwait(false);
                }

                if (events.Count > 0)
                    await Database.InsertAsync(connection, transaction, events, mayBeThere: events[0].Id.Sequence <= _mayBeThere, stop).ConfigureAwait(false);
                return true;
            },
            stop).ConfigureAwait(false);
        if (held)
            health.Written += events.Count;
        return (held, run?.Previous ?? events[^1].Id);
    }

    // What lies between the end of the history and this is lost to it: the log did not keep it long enough.
    private async Task<(bool Held, EventId? After)> BeginRunAsync(EventId? after, EventId first, CancellationToken stop)
    {
        if (after is { } end && end.Epoch == first.Epoch)
            Log.Hole(logger, end, first);
        return await WriteAsync(null, [], first, stop).ConfigureAwait(false);
    }

    // The tail has what the log took a moment later; a lease has to be renewed meanwhile.
    private async Task<bool> WaitAsync(long seen, CancellationToken stop)
    {
        await tail.WaitForNextAsync(seen, Lease.RenewAfter, Time, stop).ConfigureAwait(false);
        await Task.Delay(GatherTime, Time, stop).ConfigureAwait(false);
        return tail.Dispatched > seen || await Lease.RenewAsync(stop).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "This server writes the history of events.")]
        public static partial void Begins(ILogger logger);

        [LoggerMessage(2, LogLevel.Information, "Another server writes the history of events from now on.")]
        public static partial void Ends(ILogger logger);

        [LoggerMessage(3, LogLevel.Error,
            "The log no longer held what follows {After} when the history came to copy it; it goes on with {Next}. Give the log more room (Streams:Log), or the database more speed.")]
        public static partial void Hole(ILogger logger, EventId after, EventId next);
    }
}
