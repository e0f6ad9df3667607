using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Ends streams whose session is revoked, on whichever server that happened, or whose credentials have expired and were not
/// renewed. Revocations are told at once; that message may get lost, so the sessions are looked up from time to time too.
/// </summary>
internal sealed partial class SessionWatch(
    ConnectionSet connections, ISessionStore store, IOptions<StreamsOptions> options, TimeProvider time, ILogger<SessionWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan ExpiryLook = TimeSpan.FromSeconds(1);

    // The upper bound of how long a revoked session's stream can live on where the message got lost.
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(15);

    // Sessions looked up in one go.
    private const int Chunk = 500;

    private readonly StreamsOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(ListenAsync(stoppingToken), LookAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    internal void Close(SessionId session)
    {
        foreach (var connection in connections.All)
        {
            if (connection.Session == session)
                Close(connection);
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await store.WatchAsync(Close, stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.NotListening(logger, e);
                await Task.Delay(LongestLook, time, stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        var interval = _options.Heartbeat < LongestLook ? _options.Heartbeat : LongestLook;
        var lookedAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(ExpiryLook, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            var all = time.GetElapsedTime(lookedAt) >= interval;
            if (all)
                lookedAt = time.GetTimestamp();
            var now = time.GetUtcNow();
            foreach (var chunk in connections.All.Where(connection => all || connection.AuthenticatedUntil <= now).Chunk(Chunk))
                await LookAtAsync(chunk, now, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task LookAtAsync(Connection[] chunk, DateTimeOffset now, CancellationToken stoppingToken)
    {
        var states = await store.FindAsync([.. chunk.Select(connection => connection.Session)], stoppingToken).ConfigureAwait(false);
        for (var i = 0; i < chunk.Length; i++)
        {
            if (chunk[i].AuthenticatedUntil is { } until && states[i]?.AuthenticatedUntil > until)
                chunk[i].AuthenticatedUntil = states[i]!.Value.AuthenticatedUntil;
            if (states[i] is { IsRevoked: true } || chunk[i].AuthenticatedUntil <= now)
                Close(chunk[i]);
        }
    }

    private void Close(Connection connection) =>
        connection.RequestClose(new StreamClose(CloseReason.Revoked, _options.Retry.Draw()));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Revocations are not told at once; streams of revoked sessions end up to 15 seconds late.")]
        public static partial void NotListening(ILogger logger, Exception exception);
    }
}
