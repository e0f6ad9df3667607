using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>Runs a connection from its first word to its last, whatever carries it.</summary>
internal sealed partial class ConnectionRunner(
    DeliveryContext context,
    IEventLog log,
    ConnectionSet connections,
    IEnumerable<IConnectionObserver> observers,
    ConnectionDrain drain,
    ILogger<ConnectionRunner> logger)
{
    // The tail is at most a moment behind the log; where it is not, a poller is answered with what there is.
    private static readonly TimeSpan TailPatience = TimeSpan.FromMilliseconds(100);
    private static readonly TopicFilter Everything = TopicFilter.Parse("**");

    private readonly IConnectionObserver[] _observers = [.. observers];

    /// <summary>Runs until the client leaves, the server closes, or the sink has had enough.</summary>
    /// <param name="subscription">What is asked for, and where it begins.</param>
    /// <param name="sink">Where frames go.</param>
    /// <param name="abort">Cuts the transport.</param>
    /// <param name="cancellationToken">The client left.</param>
    public async Task RunAsync(Subscription subscription, FrameSink sink, Action abort, CancellationToken cancellationToken)
    {
        var connection = new Connection(context, subscription.Filters, subscription.Start)
        {
            Abort = abort,
            Caller = subscription.Caller,
            MaxAge = context.Options.MaxAge > TimeSpan.Zero ? context.Options.DrawAge() : null,
        };
        try
        {
            Open(connection);
            WriteBeginning(connection, subscription, sink);
            await connection.RunAsync(sink, cancellationToken).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
                await connection.CompleteAsync(sink).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client left: the ordinary end of a stream.
        }
        finally
        {
            Close(connection);
        }
    }

    /// <summary>Runs until something was taken, or the time is over.</summary>
    /// <returns>The cursor to go on from.</returns>
    public async Task<EventId> PollAsync(
        Subscription subscription, FrameSink sink, CancellationToken timeOver, CancellationToken cancellationToken)
    {
        var connection = new Connection(context, subscription.Filters, subscription.Start) { Caller = subscription.Caller, IsPoll = true };
        try
        {
            Open(connection);
            if (subscription.Start.Gap is { } gap)
                context.WriteGap(gap, sink);
            // A poller that asks right after its own publish was accepted expects to find it.
            await context.Tail.WaitForAsync(log.State.Latest, TailPatience, context.Time, cancellationToken).ConfigureAwait(false);
            using var over = timeOver.UnsafeRegister(static c => ((Connection)c!).LeaveWhenIdle(), connection);
            await connection.RunAsync(sink, cancellationToken).ConfigureAwait(false);
            // A poller on a quiet topic moves along too, or its cursor would one day be too old.
            connection.MoveAlong();
            return connection.Cursor;
        }
        finally
        {
            Close(connection);
        }
    }

    private void Open(Connection connection)
    {
        connections.Add(connection);
        foreach (var observer in _observers)
            observer.Opened(connection);
        // One that came while the drain walked the connections would be missed by it.
        if (drain.IsDraining)
            connection.RequestClose(drain.Goodbye());
    }

    private void Close(Connection connection)
    {
        connections.Remove(connection);
        foreach (var observer in _observers)
            observer.Closed(connection);
    }

    private void WriteBeginning(Connection connection, Subscription subscription, FrameSink sink)
    {
        var (start, session) = (subscription.Start, connection.Session.ToString());
        // Where the log stands tells how much happens on topics that are not the client's; who asks for all of them may know.
        var end = log.State.Latest;
        var latest = connection.Filters.Contains(Everything) ? end : start.Cursor;
        sink.WriteOpen(new StreamOpen(session, start.Cursor, start.Recovered, end.Epoch, latest), subscription.Retry);
        if (start.Gap is { } gap)
            context.WriteGap(gap, sink);
        Log.Opened(logger, session, connection.Caller.TraceId, connection.Filters.Count, start.Recovered);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Stream opened for session {Session} (trace {TraceId}): {Filters} filters, recovered {Recovered}.")]
        public static partial void Opened(ILogger logger, string session, string? traceId, int filters, bool recovered);
    }
}
