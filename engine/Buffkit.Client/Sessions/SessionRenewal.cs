using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>
/// Renews the session with credentials of now before it ends, so that open streams go on. One for a client; each subscription keeps it going
/// while it is open.
/// </summary>
internal sealed partial class SessionRenewal(StreamRequests requests, TimeProvider time, ILogger logger) : IDisposable
{
    /// <summary>How much of a session's time passes before it is renewed: enough is left for some tries.</summary>
    private const double Share = 0.8;

    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);

    // Below the 49.7 days that a timer can wait, and a session that ends later may be renewed before.
    private static readonly TimeSpan Latest = TimeSpan.FromDays(1);

    // All subscriptions of the client wait for one renewal.
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1, 1);
    private long _at;
    private TimeSpan? _wait;
    private bool _isAbsent;

    /// <summary>Keeps the session good until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait;
            await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!_isAbsent && Left() <= TimeSpan.Zero)
                    _wait = await RenewAsync(cancellationToken).ConfigureAwait(false);
                _isAbsent = _wait is null;
                if (_isAbsent)
                    return;
                wait = Left();
            }
            finally
            {
                _one.Release();
            }

            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _one.Dispose();

    private static TimeSpan Bounded(TimeSpan wait) => wait < Soonest ? Soonest : wait > Latest ? Latest : wait;

    private TimeSpan Left() => _wait is { } wait ? wait - time.GetElapsedTime(_at) : TimeSpan.Zero;

    /// <returns>When to renew again; nothing where the server has no such endpoint, or knows nobody.</returns>
    private async ValueTask<TimeSpan?> RenewAsync(CancellationToken cancellationToken)
    {
        _at = time.GetTimestamp();
        try
        {
            using var timeout = new CancellationTokenSource(LongestTry, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            var client = requests.Http();
            using var request = StreamRequests.Request(client, HttpMethod.Post, requests.Address(client, "/session"));
            StreamRequests.Add(request.Headers, await requests.CallerAsync(either.Token).ConfigureAwait(false));
            using var response = await requests.SendAsync(client, request, either.Token).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
                return null;
            if (!response.IsSuccessStatusCode)
            {
                Log.NotRenewed(logger, (int)response.StatusCode, null);
                return Bounded(RetryAfter.Read(response.Headers.RetryAfter, response.Headers.Date, time.GetUtcNow()) ?? TryAgain);
            }

            var body = await response.Content.ReadAsStringAsync(either.Token).ConfigureAwait(false);
            using var answer = JsonDocument.Parse(body);
            // By the server's clock, which need not be ours.
            var left = answer.RootElement.GetProperty("expires").GetDateTimeOffset() - (response.Headers.Date ?? time.GetUtcNow());
            return Bounded(left * Share);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, the stream is open and the session good for a while yet.
            Log.NotRenewed(logger, 0, e);
            return TryAgain;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "The session could not be renewed (status {Status}); it is tried again.")]
        public static partial void NotRenewed(ILogger logger, int status, Exception? exception);
    }
}
