using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>Opens encrypted events with the keys that the server gives to who may subscribe to their topic.</summary>
internal sealed partial class EventDecryption(StreamRequests requests, EventStreamClientOptions options, TimeProvider time, ILogger logger)
{
    private const int KeyBytes = 32;

    // A key opens one topic's events of one day; more than these are read again when they are needed.
    private const int MostKeys = 1_024;

    private readonly ConcurrentDictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

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
        if (_keys.TryGetValue(id, out var known))
            return known;
        var backoff = new Backoff(options.BackoffStart, options.BackoffMax, Random.Shared);
        while (true)
        {
            var (isAnswered, wish) = await LoadAsync(topic, cancellationToken).ConfigureAwait(false);
            if (isAnswered)
                return _keys.GetValueOrDefault(id);
            await Task.Delay(backoff.Next(wish, failed: true), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<(bool IsAnswered, TimeSpan? Wish)> LoadAsync(string topic, CancellationToken cancellationToken)
    {
        try
        {
            var client = requests.Http();
            using var timeout = new CancellationTokenSource(options.PublishAttemptTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            using var request = StreamRequests.Request(client, HttpMethod.Get, requests.Address(client, "/keys", [("topic", topic)]));
            StreamRequests.Add(request.Headers, await requests.CallerAsync(either.Token).ConfigureAwait(false));
            using var response = await requests.SendAsync(client, request, either.Token).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
                return (false, RetryAfter.Read(response.Headers.RetryAfter, response.Headers.Date, time.GetUtcNow()));
            if (response.IsSuccessStatusCode)
                Take(await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false));
            return (true, null);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.KeysAway(logger, e);
            return (false, null);
        }
    }

    private void Take(byte[] keySet)
    {
        using var document = JsonDocument.Parse(keySet);
        if (_keys.Count > MostKeys)
            _keys.Clear();
        foreach (var key in document.RootElement.GetProperty("keys").EnumerateArray())
        {
            if (key.GetProperty("kid").GetString() is { } id && Base64Url.DecodeFromChars(key.GetProperty("k").GetString()) is { Length: KeyBytes } secret)
                _keys[id] = secret;
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
    }
}
