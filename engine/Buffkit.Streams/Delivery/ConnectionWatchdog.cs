using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Looks after quiet, stuck and old connections: a heartbeat where nothing was sent for a while, an end where a write does not
/// get through, and where a stream has lasted long enough. One timer for all, so that an idle connection owns none.
/// </summary>
internal sealed partial class ConnectionWatchdog(
    ConnectionSet connections,
    IOptions<StreamsOptions> options,
    StreamsMetrics metrics,
    TimeProvider time,
    ILogger<ConnectionWatchdog> logger) : BackgroundService
{
    // A heartbeat may be late by one look; a quarter of the interval keeps that within what proxies allow.
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    private readonly TimeSpan _heartbeat = options.Value.Heartbeat;
    private readonly TimeSpan _writeTimeout = options.Value.Delivery.WriteTimeout;
    private readonly RetryOptions _retry = options.Value.Retry;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var look = TimeSpan.FromTicks(Math.Clamp(_heartbeat.Ticks / 4, ShortestLook.Ticks, LongestLook.Ticks));
        using var timer = new PeriodicTimer(look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                LookAtAll();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private void LookAtAll()
    {
        var now = time.GetTimestamp();
        foreach (var connection in connections.All)
        {
            if (time.GetElapsedTime(connection.Began, now) >= connection.MaxAge)
                connection.RequestClose(new StreamClose(CloseReason.Rotate, _retry.Draw()));
            if (connection.Writes.Started is var started and not 0)
            {
                // One that was cut is on its way out.
                if (!connection.IsSlow && time.GetElapsedTime(started, now) >= _writeTimeout)
                    Cut(connection);
            }
            else if (time.GetElapsedTime(connection.Writes.Last, now) >= _heartbeat)
            {
                connection.RequestHeartbeat();
            }
        }
    }

    private void Cut(Connection connection)
    {
        Log.WriteTimeout(logger, connection.Session, connection.Caller.TraceId, _writeTimeout);
        metrics.WriteTimedOut();
        metrics.Evicted(Eviction.WriteTimeout);
        connection.Cut();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information,
            "The connection of session {Session} (trace {TraceId}) was cut: a write waited for the client for {WriteTimeout}. It can come back with its cursor.")]
        public static partial void WriteTimeout(ILogger logger, SessionId session, string? traceId, TimeSpan writeTimeout);
    }
}
