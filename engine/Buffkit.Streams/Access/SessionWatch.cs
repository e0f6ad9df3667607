using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Ends streams whose session is revoked, on whichever server that happened, whose credentials have expired and were not renewed, or
/// were renewed with fewer rights than the stream needs. That is told at once; the message may get lost, so the sessions are looked
/// up from time to time too.
/// </summary>
internal sealed partial class SessionWatch(
    ConnectionSet connections,
    ISessionStore store,
    SessionTokens tokens,
    ITopicAuthorization authorization,
    IOptions<StreamsOptions> options,
    TimeProvider time,
    ILogger<SessionWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan ExpiryLook = TimeSpan.FromSeconds(1);

    // The upper bound of how long a revoked session's stream can live on where the message got lost.
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(15);

    // Sessions looked up in one go.
    private const int Chunk = 500;

    // What does not fit is found by the next look at all.
    private readonly Channel<SessionId> _renewed = Channel.CreateBounded<SessionId>(
        new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly StreamsOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(ListenAsync(stoppingToken), LookAsync(stoppingToken), LookAtRenewedAsync(stoppingToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private void Learn(SessionChange change)
    {
        switch (change.Kind)
        {
            case SessionChangeKind.Renewed:
                _renewed.Writer.TryWrite(change.Session!.Value);
                break;
            case SessionChangeKind.Revoked:
                Close(connections.All.Where(connection => connection.Session == change.Session));
                break;
            default:
                Close(connections.All.Where(connection =>
                    connection.Caller.Subject is { } subject && connection.Session != change.Session && Subject.Hash(subject) == change.Subject));
                break;
        }
    }

    private async Task LookAtRenewedAsync(CancellationToken stoppingToken)
    {
        await foreach (var session in _renewed.Reader.ReadAllAsync(stoppingToken).ConfigureAwait(false))
        {
            var now = time.GetUtcNow();
            foreach (var chunk in connections.All.Where(connection => connection.Session == session).Chunk(Chunk))
                await LookAtAsync(chunk, now, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await store.WatchAsync(Learn, stoppingToken).ConfigureAwait(false);
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
            foreach (var chunk in connections.All.Where(connection => all || connection.Caller.AuthenticatedUntil <= now).Chunk(Chunk))
                await LookAtAsync(chunk, now, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task LookAtAsync(Connection[] chunk, DateTimeOffset now, CancellationToken stoppingToken)
    {
        var states = await store.FindAsync([.. chunk.Select(connection => connection.Session)], stoppingToken).ConfigureAwait(false);
        for (var i = 0; i < chunk.Length; i++)
        {
            var (connection, state) = (chunk[i], states[i]);
            if (connection.Caller.AuthenticatedUntil is { } until && state?.Credentials?.Until > until)
                connection.Caller.AuthenticatedUntil = state.Value.Credentials!.Until;
            if (state is { IsRevoked: true } || connection.Caller.AuthenticatedUntil <= now)
                Close(connection, CloseReason.Revoked);
            else if (state?.Credentials is { } credentials && credentials.Shown > connection.Caller.CredentialsShown && connection.Caller.Subject is not null)
                await JudgeAsync(connection, credentials, stoppingToken).ConfigureAwait(false);
        }
    }

    // The session showed other credentials: what the stream asks for has to be allowed to those.
    private async Task JudgeAsync(Connection connection, SessionCredentials credentials, CancellationToken stoppingToken)
    {
        var claims = tokens.ReadClaims(credentials.Claims);
        var user = SessionToken.Principal(
            connection.Caller.Subject!, connection.Caller.ShowedCredentials ? claims : claims.Where(claim => _options.Sessions.Claims.Contains(claim.Type)));
        foreach (var filter in connection.Filters)
        {
            if (!await IsAllowedAsync(connection, new TopicAccess(user, TopicOperation.Subscribe, filter), stoppingToken).ConfigureAwait(false))
            {
                Close(connection, CloseReason.Forbidden);
                return;
            }
        }

        connection.Caller.CredentialsShown = credentials.Shown;
    }

    private async ValueTask<bool> IsAllowedAsync(Connection connection, TopicAccess access, CancellationToken stoppingToken)
    {
        try
        {
            return await authorization.IsAllowedAsync(access, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // Whoever cannot be judged comes back and is judged then; the watch goes on for all others.
            Log.NotJudged(logger, connection.Session, connection.Caller.TraceId, e);
            return false;
        }
    }

    private void Close(IEnumerable<Connection> revoked)
    {
        foreach (var connection in revoked)
            Close(connection, CloseReason.Revoked);
    }

    private void Close(Connection connection, CloseReason reason) => connection.RequestClose(new StreamClose(reason, _options.Retry.Draw()));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Revocations are not told at once; streams of revoked sessions end up to 15 seconds late.")]
        public static partial void NotListening(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Warning, "Session {Session} showed other credentials, and its stream (trace {TraceId}) could not be judged by them; it ends.")]
        public static partial void NotJudged(ILogger logger, SessionId session, string? traceId, Exception exception);
    }
}
