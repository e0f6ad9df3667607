using System.Buffers;
using System.Net;
using System.Text;

namespace Buffkit.Benchmarks;

/// <summary>How one kind of server is spoken to: the requests that subscribe and publish.</summary>
internal abstract class Target
{
    protected const string EventType = "tick";

    protected Target(string name, IPEndPoint endPoint, string subscribePath)
    {
        Name = name;
        EndPoint = endPoint;
        SubscribeRequest = Encoding.ASCII.GetBytes(
            $"GET {subscribePath} HTTP/1.1\r\nHost: {endPoint}\r\nAccept: text/event-stream\r\n\r\n");
    }

    /// <summary>What the tables call it.</summary>
    public string Name { get; }

    public IPEndPoint EndPoint { get; }

    public ReadOnlyMemory<byte> SubscribeRequest { get; }

    /// <summary>Most events that one publish request can carry.</summary>
    public abstract int EventsPerRequest { get; }

    /// <summary>Writes one publish request.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="stamps">The events, at most <see cref="EventsPerRequest"/>.</param>
    /// <param name="payloadBytes">Size of each payload.</param>
    public abstract void WritePublish(IBufferWriter<byte> to, ReadOnlySpan<Stamp> stamps, int payloadBytes);

    protected void WritePost(IBufferWriter<byte> to, string path, string headers, int length) =>
        Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {EndPoint}\r\n{headers}Content-Length: {length}\r\n\r\n", to);
}
