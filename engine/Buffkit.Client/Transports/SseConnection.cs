using System.Net;
using System.Net.ServerSentEvents;

namespace Buffkit.Client;

/// <summary>Server-Sent Events.</summary>
internal sealed class SseConnection : StreamConnection
{
    // Not exactly the media type alone: to a client that accepts nothing else, a native EventSource, the server says 200 where it means 401.
    private const string Accept = "text/event-stream, application/problem+json;q=0.5";

    private readonly HttpClient _client;
    private readonly HttpResponseMessage _response;
    private readonly SseParser<byte[]> _parser;
    private readonly IAsyncEnumerator<SseItem<byte[]>> _items;
    private readonly bool _plain;
    private string _lastId;

    private SseConnection(HttpClient client, HttpResponseMessage response, Stream body, SignsOfLife life, EventStreamClientOptions options, string lastId)
        : base(life)
    {
        _client = client;
        _response = response;
        _plain = options.PlainServer;
        _lastId = lastId;
        _parser = SseParser.Create(new EventBlocks(body, life, options.MaxEventBytes), static (_, data) => data.ToArray());
        _items = _parser.EnumerateAsync(life.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    public override TimeSpan? Retry => _parser.ReconnectionInterval == Timeout.InfiniteTimeSpan ? null : _parser.ReconnectionInterval;

    /// <returns>Nothing where the server says that there is no more, with 204.</returns>
    public static async ValueTask<StreamConnection?> OpenAsync(StreamAttempt attempt, SignsOfLife life)
    {
        var client = attempt.Requests.Http();
        var query = attempt.Requests.Query(attempt.Topics, attempt.Start);
        if (!attempt.Options.PlainServer)
            query = query.Append(("format", "cloudevents"));
        using var request = StreamRequests.Request(client, HttpMethod.Get, attempt.Requests.Address(client, query: query));
        request.Headers.TryAddWithoutValidation("Accept", attempt.Options.PlainServer ? MediaTypes.EventStream : Accept);
        request.Headers.TryAddWithoutValidation("Cache-Control", "no-store");
        StreamRequests.Add(request.Headers, await attempt.HeadersAsync(life.Token).ConfigureAwait(false));

        var response = await life.WaitAsync(new ValueTask<HttpResponseMessage>(attempt.Requests.SendAsync(client, request, life.Token))).ConfigureAwait(false);
        try
        {
            if (response.StatusCode is HttpStatusCode.NoContent)
            {
                response.Dispose();
                return null;
            }

            if (response.StatusCode is not HttpStatusCode.OK)
                throw await Refusals.ReadAsync(response, attempt.Time, life.Token).ConfigureAwait(false);
            if (!MediaTypes.Is(response.Content.Headers.ContentType?.ToString(), MediaTypes.EventStream))
                throw new NoStreamException($"The answer is {response.Content.Headers.ContentType?.MediaType ?? "of no media type"}, no event stream.", isTransportBroken: true);
            var body = await response.Content.ReadAsStreamAsync(life.Token).ConfigureAwait(false);
            return new SseConnection(client, response, body, life, attempt.Options, attempt.Start.Cursor ?? "");
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public override async ValueTask<Received?> ReadAsync()
    {
        if (!await _items.MoveNextAsync().ConfigureAwait(false))
            return null;
        var item = _items.Current;
        // The specification's default, also for `event:` without a value.
        var type = item.EventType.Length == 0 ? SseParser.EventTypeDefault : item.EventType;
        _lastId = item.EventId ?? _lastId;
        if (type == EventBlocks.BlockWithoutData)
            return new Received(ReceivedKind.Nothing, item.EventId);
        if (_plain)
            return Raw(item, type);
        var kind = Received.KindOf(type);
        if (kind is not ReceivedKind.Event)
            return new Received(kind, item.EventId, Control: ControlData.Read(item.Data));
        return CloudEventReader.Read(item.Data) is { Event: { } } cloudEvent ? cloudEvent with { Cursor = item.EventId } : Raw(item, type);
    }

    public override async ValueTask DisposeAsync()
    {
        // The body first: a reader that waits would otherwise hold the parser.
        _response.Dispose();
        await _items.DisposeAsync().ConfigureAwait(false);
        // The factory's client lives as long as what it answered is read.
        GC.KeepAlive(_client);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private Received Raw(SseItem<byte[]> item, string type) =>
        new(ReceivedKind.Event, item.EventId, new StreamEvent { Id = _lastId, Type = type, Data = item.Data });
}
