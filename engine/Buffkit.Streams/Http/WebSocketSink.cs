using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;

namespace Buffkit.Streams;

/// <summary>Sends each frame as a text message. Signs of life are the protocol's own pings, unless events are asked for.</summary>
internal sealed class WebSocketSink(WebSocket socket, bool heartbeatEvents = false) : FrameSink
{
    private readonly List<ReadOnlyMemory<byte>> _messages = [];

    public override FrameKind Kind => new(WireForm.CloudEventsJson, ContentCoding.Identity);

    public override void Write(Frame frame) => Take(frame.Bytes);

    public override void WriteOpen(StreamOpen open, TimeSpan retry) =>
        TakeControl(EventType.Open, open.Cursor.ToString(), open, ControlEvents.WriteMembers);

    public override void WriteLive(StreamLive live) =>
        TakeControl(EventType.Live, live.Latest.ToString(), live, ControlEvents.WriteMembers, CloudEventsJson.LiveSource);

    public override void WriteHeartbeat(EventId cursor, bool isToMove)
    {
        if (heartbeatEvents || isToMove)
            TakeControl(EventType.Heartbeat, cursor.ToString(), cursor, ControlEvents.WriteMembers);
    }

    // A CloudEvent has an id; this one names no event, and a client must not take it for its cursor.
    public override void WriteClose(StreamClose close) => TakeControl(EventType.Close, $"close-{SessionId.New()}", close, ControlEvents.WriteMembers);

    public override async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Buffered = 0;
        try
        {
            foreach (var message in _messages)
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);
            return socket.State is WebSocketState.Open;
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _messages.Clear();
        }
    }

    private void TakeControl<T>(string type, string id, T value, Action<Utf8JsonWriter, T> members, string source = CloudEventsJson.ControlSource)
    {
        var message = new ArrayBufferWriter<byte>();
        CloudEventsJson.WriteControl(message, type, id, value, members, source);
        Take(message.WrittenMemory);
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        _messages.Add(message);
        Buffered += message.Length;
    }
}
