namespace Buffkit.Streams;

/// <summary>What carries a connection.</summary>
internal enum StreamTransport
{
    Sse,
    WebSocket,
    LongPoll,
}
