using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Buffkit.Client;

/// <summary>One request after the other, each with the cursor of the answer before.</summary>
internal sealed class LongPollConnection : StreamConnection
{
    // Below the least that proxies and resilience handlers commonly allow a request, which is 30 seconds.
    private const int MaxWaitSeconds = 25;

    private readonly StreamAttempt _attempt;
    private readonly Queue<Received> _waiting = new();
    private string? _cursor;
    private long _events;
    private bool _isLive;

    private LongPollConnection(StreamAttempt attempt, SignsOfLife life)
        : base(life) => (_attempt, _cursor) = (attempt, attempt.Start.Cursor);

    // An answer must come well before silence is taken for a dead connection.
    private string WaitSeconds => _attempt.Options.ReadTimeout == Timeout.InfiniteTimeSpan
        ? MaxWaitSeconds.ToString(CultureInfo.InvariantCulture)
        : ((int)Math.Min(MaxWaitSeconds, _attempt.Options.ReadTimeout.TotalSeconds / 2)).ToString(CultureInfo.InvariantCulture);

    public static async ValueTask<StreamConnection?> OpenAsync(StreamAttempt attempt, SignsOfLife life)
    {
        var connection = new LongPollConnection(attempt, life);
        connection._waiting.Enqueue(new Received(ReceivedKind.Open, null));
        return await connection.PollAsync().ConfigureAwait(false) ? connection : null;
    }

    public override async ValueTask<Received?> ReadAsync()
    {
        while (_waiting.Count == 0)
        {
            if (!await PollAsync().ConfigureAwait(false))
                return null;
        }

        return _waiting.Dequeue();
    }

    private async ValueTask<bool> PollAsync()
    {
        var client = _attempt.Requests.Http();
        var attempt = _attempt with { Start = _attempt.Start with { Cursor = _cursor } };
        // Until there is nothing left to catch up with, nothing is waited for: then the stream is live.
        var query = attempt.Requests.Query(attempt.Topics, attempt.Start).Append(("wait", _isLive ? WaitSeconds : "0"));
        using var request = StreamRequests.Request(client, HttpMethod.Get, attempt.Requests.Address(client, query: query));
        request.Headers.TryAddWithoutValidation("Accept", MediaTypes.Batch);
        StreamRequests.Add(request.Headers, await attempt.HeadersAsync(Life.Token).ConfigureAwait(false));
        using var response = await Life.WaitAsync(new ValueTask<HttpResponseMessage>(attempt.Requests.SendAsync(client, request, Life.Token))).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.NoContent)
            return false;
        if (response.StatusCode is not HttpStatusCode.OK)
            throw await Refusals.ReadAsync(response, attempt.Time, Life.Token).ConfigureAwait(false);
        if (!MediaTypes.Is(response.Content.Headers.ContentType?.ToString(), MediaTypes.Batch))
            throw new NoStreamException($"The answer is {response.Content.Headers.ContentType?.MediaType ?? "of no media type"}, no batch of events.", isTransportBroken: true);
        var body = await ReadBodyAsync(response).ConfigureAwait(false);
        Life.Heard();
        Take(body, Next(response));
        return true;
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpResponseMessage response)
    {
        // A batch has many events; the server ends it at about this size.
        var most = _attempt.Options.MaxEventBytes + (1024L * 1024);
        using var body = new MemoryStream();
        var stream = await response.Content.ReadAsStreamAsync(Life.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[16 * 1024];
            while (await Life.ReadAsync(stream, buffer).ConfigureAwait(false) is > 0 and var read)
            {
                if (body.Length + read > most)
                    throw new EventStreamException($"An answer has more than {most} bytes ({nameof(EventStreamClientOptions)}.{nameof(EventStreamClientOptions.MaxEventBytes)}).");
                body.Write(buffer, 0, read);
            }
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private void Take(ReadOnlyMemory<byte> body, string? next)
    {
        try
        {
            using var batch = WireJson.Parse(body);
            string? last = null;
            foreach (var element in batch.RootElement.EnumerateArray())
            {
                if (CloudEventReader.Read(element) is not { } received)
                    continue;
                _waiting.Enqueue(received);
                _events += received.Kind is ReceivedKind.Event ? 1 : 0;
                last = received.Cursor ?? last;
            }

            // A proxy may take the link away, or give one of before: then what the batch ends with is as good.
            var cursor = next is null || next == _cursor ? last ?? _cursor : next;
            var isEmpty = batch.RootElement.GetArrayLength() == 0;
            if (!isEmpty && cursor == _cursor)
                throw new IOException("A batch leads no further: the same one would come again and again.");
            _waiting.Enqueue(new Received(ReceivedKind.Nothing, cursor));
            if (isEmpty && !_isLive)
            {
                _isLive = true;
                _waiting.Enqueue(new Received(ReceivedKind.Live, null, Control: ControlData.Live(_events, cursor)));
            }

            _cursor = cursor;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new IOException("An answer is no batch of events.", e);
        }
    }

    // Link: <?topic=…&after=ID>; rel="next"
    private static string? Next(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
            return null;
        const string Member = "after=";
        foreach (var link in links)
        {
            var start = link.IndexOf(Member, StringComparison.Ordinal);
            var end = start < 0 ? -1 : link.AsSpan(start).IndexOfAny('&', '>');
            if (end > 0 && link.Contains("rel=\"next\"", StringComparison.Ordinal))
                return Uri.UnescapeDataString(link[(start + Member.Length)..(start + end)]);
        }

        return null;
    }
}
