using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>The stream over a WebSocket, for networks that break event streams: every message is a CloudEvent.</summary>
internal sealed class WebSocketTransport(ConnectionRunner runner, SecurityMetrics metrics, IOptions<StreamsOptions> options, TimeProvider time)
{
    /// <summary>The subprotocol (CloudEvents WebSocket protocol binding, section 3).</summary>
    public const string Subprotocol = "cloudevents.json";

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _heartbeat = options.Value.Heartbeat;

    /// <summary>Says why a request cannot become a WebSocket of this protocol, or nothing.</summary>
    public static IResult? Refuse(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.Headers.Upgrade = "websocket";
            return EventStreamProblems.Invalid("Upgrade", "This is a WebSocket endpoint; connect with ws:// or wss://.", StatusCodes.Status426UpgradeRequired);
        }

        // A client that names no subprotocol takes what comes; one that names others would not understand it.
        var offered = http.WebSockets.WebSocketRequestedProtocols;
        return offered.Count > 0 && !offered.Contains(Subprotocol)
            ? EventStreamProblems.Invalid("Sec-WebSocket-Protocol", $"The subprotocol is {Subprotocol}.")
            : null;
    }

    public async Task RunAsync(HttpContext http, SubscribeRequest request, Subscription subscription)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            SubProtocol = http.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol) ? Subprotocol : null,
            KeepAliveInterval = _heartbeat,
            KeepAliveTimeout = _heartbeat,
        });

        using var left = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var reading = ReadUntilLeftAsync(socket, http.Features.Get<WebSocketFrameLimit>(), left);
        try
        {
            await runner.RunAsync(subscription, new WebSocketSink(socket, request.HeartbeatEvents), http.Abort, left.Token);
            await CloseAsync(socket);
            // The client's own close ends the reading.
            await reading.WaitAsync(CloseTimeout, time);
        }
        catch (TimeoutException)
        {
            // One that does not answer is not waited for.
        }
        finally
        {
            await left.CancelAsync();
            await reading;
        }
    }

    // The client has nothing to say but that it leaves; pongs are answered by the socket while it is read.
    private async Task ReadUntilLeftAsync(WebSocket socket, WebSocketFrameLimit? frames, CancellationTokenSource left)
    {
        var buffer = new byte[64];
        var receiving = socket.ReceiveAsync(buffer.AsMemory(), left.Token).AsTask();
        try
        {
            if (frames is not null && await Task.WhenAny(receiving, frames.Exceeded) == frames.Exceeded)
            {
                metrics.Refused(Refusal.Rate);
                using var timeout = new CancellationTokenSource(CloseTimeout, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, left.Token);
                await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, "Too many frames a second (Streams:Limits:FramesPerSecond).", either.Token);
                await receiving.WaitAsync(CloseTimeout, time);
            }
            else if ((await receiving).MessageType is not WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.InvalidMessageType, "Publish with POST.", left.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or TimeoutException)
        {
            // The connection was cut instead of closed; it ends all the same.
        }
        finally
        {
            await left.CancelAsync();
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CloseAsync(WebSocket socket)
    {
        if (socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
            return;
        using var timeout = new CancellationTokenSource(CloseTimeout, time);
        try
        {
            await socket.CloseOutputAsync(
                // To a client that closes, its own status is sent back; otherwise the server is the one that goes away.
                socket.State is WebSocketState.CloseReceived ? socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.EndpointUnavailable,
                null,
                timeout.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client was gone before it could be told.
        }
    }
}
