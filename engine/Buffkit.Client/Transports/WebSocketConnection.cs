using System.Net.Http.Headers;
using System.Net.WebSockets;

namespace Buffkit.Client;

/// <summary>The stream over a WebSocket: every message is a CloudEvent.</summary>
internal sealed class WebSocketConnection(ClientWebSocket socket, SignsOfLife life, int maxEventBytes) : StreamConnection(life)
{
    private const string Subprotocol = "cloudevents.json";

    private byte[] _buffer = new byte[16 * 1024];

    public static async ValueTask<StreamConnection?> OpenAsync(StreamAttempt attempt, SignsOfLife life)
    {
        var client = attempt.Requests.Http();
        // Heartbeats as events: the socket shows its pings to nobody.
        var query = attempt.Requests.Query(attempt.Topics, attempt.Start).Append(("heartbeat", "event"));
        var address = new UriBuilder(attempt.Requests.Address(client, "/ws", query));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;

        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol(Subprotocol);
            socket.Options.CollectHttpResponseDetails = true;
            foreach (var (name, value) in await attempt.HeadersAsync(life.Token).ConfigureAwait(false))
                socket.Options.SetRequestHeader(name, value);
            await life.WaitAsync(ConnectAsync(socket, address.Uri, client, life.Token)).ConfigureAwait(false);
            attempt.Session.Take(Header(socket, SessionHolder.Header));
            socket.HttpResponseHeaders = null;
            return new WebSocketConnection(socket, life, attempt.Options.MaxEventBytes);
        }
        catch (WebSocketException e) when ((int)socket.HttpStatusCode is not 0)
        {
            var status = (int)socket.HttpStatusCode;
            var refusal = Refusal(socket, status, attempt.Time, e);
            socket.Dispose();
            throw refusal;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override async ValueTask<Received?> ReadAsync()
    {
        var length = 0;
        while (true)
        {
            if (length == _buffer.Length)
                Grow();
            var message = await Life.WaitAsync(socket.ReceiveAsync(_buffer.AsMemory(length), Life.Token)).ConfigureAwait(false);
            Life.Heard();
            if (message.MessageType is WebSocketMessageType.Close)
                return null;
            length += message.Count;
            if (message.EndOfMessage)
                return CloudEventReader.Read(_buffer.AsMemory(0, length)) ?? throw new IOException("A message is no CloudEvent.");
        }
    }

    public override ValueTask DisposeAsync()
    {
        // The server is told by the end of the connection: there is nothing to say, and nobody should wait for an answer.
        socket.Dispose();
        return base.DisposeAsync();
    }

    private static async ValueTask<bool> ConnectAsync(ClientWebSocket socket, Uri address, HttpClient client, CancellationToken cancellationToken)
    {
        await socket.ConnectAsync(address, client, cancellationToken).ConfigureAwait(false);
        return true;
    }

    // What no server of this protocol says comes of something between the two. A success is none of its statuses at all: a hotel's login page,
    // until its guest has read it.
    private static NoStreamException Refusal(ClientWebSocket socket, int status, TimeProvider time, Exception inner)
    {
        _ = RetryConditionHeaderValue.TryParse(Header(socket, "Retry-After"), out var retryAfter);
        _ = DateTimeOffset.TryParse(Header(socket, "Date"), System.Globalization.CultureInfo.InvariantCulture, out var date);
        var wait = RetryAfter.Read(retryAfter, date == default ? null : date, time.GetUtcNow());
        return new NoStreamException(
            $"The server answered {status} to the WebSocket.",
            status is >= 200 and < 300 ? null : status,
            wait,
            isTransportBroken: status is not (401 or 403 or 429 or >= 500),
            inner);
    }

    private static string? Header(ClientWebSocket socket, string name) =>
        socket.HttpResponseHeaders is { } headers && headers.TryGetValue(name, out var values) ? values.LastOrDefault() : null;

    private void Grow()
    {
        if (_buffer.Length >= maxEventBytes)
            throw new EventStreamException($"An event has more than {maxEventBytes} bytes ({nameof(EventStreamClientOptions)}.{nameof(EventStreamClientOptions.MaxEventBytes)}).");
        Array.Resize(ref _buffer, (int)Math.Min(_buffer.Length * 2L, maxEventBytes));
    }
}
