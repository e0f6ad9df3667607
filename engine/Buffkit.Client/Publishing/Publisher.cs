using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>
/// Publishes with one idempotency key until the server says that the log holds the events, or that it never will. However often that takes,
/// they are published once.
/// </summary>
internal sealed partial class Publisher(StreamRequests requests, EventStreamClientOptions options, SessionHolder session, TimeProvider time, Random random, ILogger logger)
{
    private const string KeyHeader = "Idempotency-Key";

    // Of keys that failed; those of longer ago are forgotten.
    private const int MostRemembered = 256;

    private readonly ConcurrentDictionary<string, Session> _failed = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<string>> PublishAsync(
        IReadOnlyList<EventToPublish> events, bool isBatch, string? idempotencyKey, CancellationToken cancellationToken)
    {
        PublishKey? given = idempotencyKey is null ? null : PublishKey.Of(idempotencyKey)
            ?? throw new ArgumentException($"An idempotency key has 1 to {PublishKey.Longest} visible ASCII characters.", nameof(idempotencyKey));
        using var activity = EventStreamTelemetry.Source.StartActivity("publish", ActivityKind.Producer);
        activity?.SetTag("messaging.destination.name", events[0].Topic);
        activity?.SetTag("messaging.batch.message_count", events.Count);

        // Written once: with other bytes the key would be another request's. So a trace stands in events only where the key is ours: a caller
        // that publishes again by its own key does that in another trace.
        var key = given ?? PublishKey.New(activity ?? Activity.Current);
        var body = PublishBody.Write(events, isBatch, options.Source, key);
        // A key is its caller's. Without credentials the caller is the session, so a try must not come as another one than that before.
        if (!_failed.TryRemove(key.Text, out var own))
            own = session.Current.Token is null ? new Session() : session.Current;
        var began = time.GetTimestamp();
        var backoff = new Backoff(options.BackoffStart, options.BackoffMax, random);
        var isRefusedOnce = false;
        for (var tries = 0; ; tries++)
        {
            var attempt = await TryAsync(body, isBatch, key.Text, own, tries > 0, cancellationToken).ConfigureAwait(false);
            if (attempt.Ids is { } ids)
                return ids;
            // A token that has just expired: the next one is asked for.
            var mayBeExpired = attempt.Status is 401 && options.AccessToken is not null && !isRefusedOnce;
            isRefusedOnce |= mayBeExpired;
            if (!attempt.MayHelp && !mayBeExpired)
                throw Failed(activity, attempt, key, own, "");
            var wait = backoff.Next(attempt.Wish, failed: true);
            if (time.GetElapsedTime(began) + wait > options.PublishTimeout)
                throw Failed(activity, attempt, key, own, $" It was tried for {options.PublishTimeout}; the log may hold the events. Publishing again with the key '{key.Text}' does not double them.");
            Log.TryAgain(logger, attempt.Problem!.Message, wait);
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private EventStreamException Failed(Activity? activity, Attempt attempt, PublishKey key, Session own, string more)
    {
        if (_failed.Count >= MostRemembered)
            _failed.Clear();
        _failed[key.Text] = own;
        activity?.SetStatus(ActivityStatusCode.Error);
        return new EventStreamException($"The events could not be published. {attempt.Problem!.Message}{more}", (HttpStatusCode?)attempt.Status, attempt.Problem) { IdempotencyKey = key.Text };
    }

    private async ValueTask<Attempt> TryAsync(ReadOnlyMemory<byte> body, bool isBatch, string key, Session own, bool isRepeated, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.PublishAttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var client = requests.Http();
            using var request = StreamRequests.Request(client, HttpMethod.Post, requests.Address(client));
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(isBatch ? PublishBody.Many : PublishBody.One) } };
            request.Headers.Add(KeyHeader, key);
            StreamRequests.Add(request.Headers, await requests.CallerAsync(either.Token, own).ConfigureAwait(false));
            using var response = await StreamRequests.SendAloneAsync(client, request, either.Token).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.Accepted)
                return new Attempt(Read(await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false)));
            var problem = await Refusals.ReadAsync(response, time, either.Token).ConfigureAwait(false);
            // Another success is none of this server's: a hotel's login page, until its guest has read it.
            return new Attempt(null, problem, problem.Status, problem.RetryAfter, MayHelp: problem.Status is (>= 200 and < 300) or 408 or 425 or 429 or >= 500);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or InvalidDataException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Attempt(null, e, MayHelp: true);
        }
        catch (EventStreamException e)
        {
            return new Attempt(null, e, (int?)e.StatusCode);
        }
        catch (Exception e) when (isRepeated && !cancellationToken.IsCancellationRequested)
        {
            // The caller's own mistake, in its access token perhaps. The try before may have been taken, so the caller needs the key.
            return new Attempt(null, e);
        }
    }

    private static string[] Read(byte[] answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.TryGetProperty("ids", out var ids)
                ? [.. ids.EnumerateArray().Select(id => id.GetString()!)]
                : [document.RootElement.GetProperty("id").GetString()!];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // A page that something between the two answered with, perhaps; the key makes asking again safe.
            throw new IOException("The answer names no ids.", e);
        }
    }

    private sealed record Attempt(string[]? Ids, Exception? Problem = null, int? Status = null, TimeSpan? Wish = null, bool MayHelp = false);

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Warning, "Publishing failed, and is tried again in {Wait}: {Reason}")]
        public static partial void TryAgain(ILogger logger, string reason, TimeSpan wait);
    }
}
