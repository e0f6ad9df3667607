using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>Opens encrypted events with the keys that the server gives to who may subscribe to their topic.</summary>
internal sealed partial class EventDecryption(StreamRequests requests, EventStreamClientOptions options, TimeProvider time, ILogger logger)
{
    // Answers in a row that are no key set, after which an event is given on as it came: a server that is away is waited for, one that
    // talks nonsense would hold the stream for ever.
    private const int OddAnswersAllowed = 3;

    // RFC 8470.
    private const HttpStatusCode TooEarly = (HttpStatusCode)425;

    private readonly KnownKeys _keys = new(time);

    /// <summary>Opens an event. While the keys are out of reach it waits, and with it the stream: what is in order stays so.</summary>
    /// <returns>The event in clear; as it came, where there is no key for it.</returns>
    public async ValueTask<StreamEvent> OpenAsync(StreamEvent e, CancellationToken cancellationToken)
    {
        if (Jwe.Parse(e.Data.Span) is not { } jwe)
            return e;
        // Both are authenticated with the payload: an event of another topic cannot be passed off as one of this.
        if (e.Topic is null || jwe.Topic != e.Topic || jwe.Type != e.Type)
        {
            Log.Foreign(logger, e.Id);
            return e;
        }

        if (await FindAsync(jwe.KeyId, e.Topic, cancellationToken).ConfigureAwait(false) is not { } key || jwe.Open(key) is not { } plain)
        {
            Log.NotOpened(logger, e.Id, jwe.KeyId);
            return e;
        }

        return new StreamEvent
        {
            Id = e.Id, Type = e.Type, Topic = e.Topic, Key = e.Key, Time = e.Time, Source = e.Source, Attributes = e.Attributes,
            ContentType = jwe.ContentType, Data = plain,
        };
    }

    private async ValueTask<byte[]?> FindAsync(string id, string topic, CancellationToken cancellationToken)
    {
        if (_keys.Find(topic, id) is { } known)
            return known;
        if (_keys.IsMissed(topic, id))
            return null;
        var backoff = new Backoff(options.BackoffStart, options.BackoffMax, Random.Shared);
        var wasRefused = false;
        for (var odd = 0; ;)
        {
            var (keys, wish, status) = await LoadAsync(topic, cancellationToken).ConfigureAwait(false);
            // A token that has just expired: the next one is asked for.
            if (status is HttpStatusCode.Unauthorized && options.AccessToken is not null && !wasRefused)
            {
                wasRefused = true;
                continue;
            }

            foreach (var (loaded, key) in keys?.Keys ?? [])
            {
                if (loaded == id)
                    return key;
            }

            odd += keys is { IsOdd: true } ? 1 : 0;
            if (keys is { IsOdd: false } || odd == OddAnswersAllowed)
            {
                // Who is refused for another reason than the topic may have the key a moment later.
                if (status is (>= HttpStatusCode.OK and < HttpStatusCode.Ambiguous) or HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
                    _keys.Miss(topic, id);
                return null;
            }

            await Task.Delay(backoff.Next(wish, failed: true), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>The keys; nothing, and how long the server asks to wait, where it is away; and what it answered.</returns>
    private async ValueTask<(KeySet? Keys, TimeSpan? Wish, HttpStatusCode Status)> LoadAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var client = requests.Http();
            using var timeout = new CancellationTokenSource(options.PublishAttemptTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            using var request = StreamRequests.Request(client, HttpMethod.Get, requests.Address(client, "/keys", [("topic", topic)]));
            StreamRequests.Add(request.Headers, await requests.CallerAsync(either.Token).ConfigureAwait(false));
            using var response = await requests.SendAsync(client, request, either.Token).ConfigureAwait(false);
            var status = response.StatusCode;
            if (status is HttpStatusCode.RequestTimeout or TooEarly or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
                return (null, RetryAfter.Read(response.Headers.RetryAfter, response.Headers.Date, time.GetUtcNow()), status);
            if (!response.IsSuccessStatusCode)
                return (status < HttpStatusCode.BadRequest ? KeySet.Odd : KeySet.Empty, null, status);
            var keys = KeySet.Read(await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
            if (keys.IsOdd)
                Log.OddKeys(logger, topic);
            _keys.Add(topic, keys.Keys);
            return (keys, null, status);
        }
        catch (EventStreamException e)
        {
            // It leads to another host, as to a page where somebody is to sign in.
            Log.KeysAway(logger, e);
            return (KeySet.Odd, null, HttpStatusCode.Found);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or InvalidDataException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.KeysAway(logger, e);
            return (null, null, 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(40, LogLevel.Warning, "Event {Id} was encrypted as one of another topic or type; it is given on as it came.")]
        public static partial void Foreign(ILogger logger, string id);

        [LoggerMessage(41, LogLevel.Warning, "Event {Id} could not be opened: there is no key {Key} for this caller. It is given on as it came.")]
        public static partial void NotOpened(ILogger logger, string id, string key);

        [LoggerMessage(42, LogLevel.Warning, "The keys of encrypted events are out of reach; the stream waits for them.")]
        public static partial void KeysAway(ILogger logger, Exception exception);

        [LoggerMessage(43, LogLevel.Warning, "What came as the keys of {Topic} is no good key set. Where the key of an event is missing from it, it is asked for again a few times.")]
        public static partial void OddKeys(ILogger logger, string topic);
    }
}
