using System.Buffers;
using System.Net;

namespace Buffkit.Benchmarks;

/// <summary>nginx with nchan: a publish request carries one event, so many are sent ahead on one connection.</summary>
internal sealed class NchanTarget(IPEndPoint endPoint) : Target("nchan", endPoint, SubscribePath)
{
    public const string SubscribePath = "/sub";
    public const string PublishPath = "/pub";

    public override int EventsPerRequest => 1;

    // The type stands in the stream as the other servers' does, so that all send the same lines.
    public override void WritePublish(IBufferWriter<byte> to, ReadOnlySpan<Stamp> stamps, int payloadBytes)
    {
        WritePost(to, PublishPath, $"Content-Type: text/plain\r\nX-EventSource-Event: {EventType}\r\n", payloadBytes);
        stamps[0].Write(to, payloadBytes);
    }
}
