using Microsoft.Extensions.Logging;

namespace Buffkit.Streams;

/// <summary>Runs a connection from its first word to its last, whatever carries it.</summary>
internal sealed partial class ConnectionRunner(
    DeliveryContext context,
    IEventLog log,
    ConnectionSet connections,
    PresenceTracker presence,
    ConnectionDrain drain,
    SessionPace pace,
    ILogger<ConnectionRunner> logger)
{
    private const int MaxLooks = 100;
    private static readonly TopicFilter Everything = TopicFilter.Parse("**");
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs until the client leaves, the server closes, or the sink has had enough.</summary>
    /// <param name="subscription">What is asked for, and where it begins.</param>
    /// <param name="sink">Where frames go.</param>
    /// <param name="abort">Cuts the transport.</param>
    /// <param name="cancellationToken">The client left.</param>
    public async Task RunAsync(Subscription subscription, FrameSink sink, Action abort, CancellationToken cancellationToken)
    {
        var connection = New(subscription, abort, context.Options.MaxAge > TimeSpan.Zero ? context.Options.DrawAge() : null);
        pace.Began(subscription.Session.Id);
        connections.Add(connection);
        presence.Add(connection);
        try
        {
            // One that came while the drain walked the connections would be missed by it.
            if (drain.IsDraining)
                connection.RequestClose(drain.Goodbye());

            await BeginAsync(connection, subscription, sink, cancellationToken).ConfigureAwait(false);
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
            presence.Remove(connection);
            connections.Remove(connection);
            pace.Ended(subscription, connection, context.Time.GetElapsedTime(connection.Began));
        }
    }

    /// <summary>Runs until something was taken, or the time is over.</summary>
    /// <returns>The cursor to go on from.</returns>
    public async Task<EventId> PollAsync(
        Subscription subscription, FrameSink sink, CancellationToken timeOver, CancellationToken cancellationToken)
    {
        var connection = New(subscription, null, null);
        connections.Add(connection);
        presence.Add(connection);
        try
        {
            if (drain.IsDraining)
                connection.RequestClose(drain.Goodbye());
            if (subscription.Start.Gap is { } gap)
                context.WriteGap(gap, sink);
            await TailHasWhatWasAcceptedAsync(cancellationToken).ConfigureAwait(false);
            using var over = timeOver.UnsafeRegister(static c => ((Connection)c!).LeaveWhenIdle(), connection);
            await connection.RunAsync(sink, cancellationToken).ConfigureAwait(false);
            // A poller on a quiet topic moves along too, or its cursor would one day be too old.
            connection.PassWhatIsNotForIt();
            return connection.Cursor;
        }
        finally
        {
            presence.Remove(connection);
            connections.Remove(connection);
        }
    }

    private Connection New(Subscription subscription, Action? abort, TimeSpan? maxAge) =>
        new(context, subscription.Request.Filters, subscription.Start.Cursor)
        {
            Abort = abort,
            Caller = new ConnectionCaller
            {
                Session = subscription.Session.Id,
                AddressPool = subscription.Session.AddressPool,
                Subject = subscription.Session.Subject,
                ShowedCredentials = subscription.Session.ShowedCredentials,
                CredentialsShown = subscription.Session.CredentialsShown,
                AuthenticatedUntil = subscription.Session.AuthenticatedUntil,
                MaxAge = maxAge,
            },
            IsUnconfirmed = subscription.Start.IsUnconfirmed,
        };

    // A poller that asks right after its own publish was accepted expects to find it; the tail is at most a moment behind.
    private async ValueTask TailHasWhatWasAcceptedAsync(CancellationToken cancellationToken)
    {
        var latest = log.State.Latest;
        for (var looks = 0; looks < MaxLooks && !context.Tail.HasReached(latest); looks++)
            await Task.Delay(Look, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask BeginAsync(Connection connection, Subscription subscription, FrameSink sink, CancellationToken cancellationToken)
    {
        var start = subscription.Start;
        var (waiting, newest) = await connection.LookAheadAsync(cancellationToken).ConfigureAwait(false);
        var replayed = start.Recovered ? waiting : 0;
        // Where the log stands tells how much happens on topics that are not the client's; who asks for all of them may know.
        var end = log.State.Latest;
        var latest = connection.Filters.Contains(Everything) ? end : newest;
        sink.WriteOpen(new StreamOpen(subscription.Session.Id.ToString(), start.Cursor, start.Recovered, replayed, end.Epoch, latest), pace.DrawRetry(subscription.Session.Id));
        if (start.Gap is { } gap)
            context.WriteGap(gap, sink);
        Log.Opened(logger, subscription.Session.Id.ToString(), subscription.Request.Filters.Count, start.Recovered, replayed);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Stream opened for session {Session}: {Filters} filters, recovered {Recovered}, {Replayed} to replay.")]
        public static partial void Opened(ILogger logger, string session, int filters, bool recovered, long? replayed);
    }
}
