using System.Buffers;
using System.Net;
using System.Text;

namespace Buffkit.Benchmarks;

/// <summary>A server that takes events as JSON objects, one or an array per request: this API, and the plain server.</summary>
internal sealed class JsonTarget(string name, IPEndPoint endPoint, string path, string topic)
    : Target(name, endPoint, $"{path}?topic={topic}")
{
    // The wire contract's Limits:EventsPerPublish is far above; more per request would only add latency.
    private const int MostPerRequest = 64;

    private readonly byte[] _before =
        Encoding.ASCII.GetBytes($$"""{"topic":"{{topic}}","type":"{{EventType}}","data":""" + "\"");

    private static ReadOnlySpan<byte> After => "\"}"u8;

    public override int EventsPerRequest => MostPerRequest;

    public override void WritePublish(IBufferWriter<byte> to, ReadOnlySpan<Stamp> stamps, int payloadBytes)
    {
        var each = _before.Length + payloadBytes + After.Length;
        // A single event goes as an object, several as an array: brackets and the commas between them.
        var array = stamps.Length > 1;
        WritePost(to, path, "Content-Type: application/json\r\n", stamps.Length * each + (array ? stamps.Length + 1 : 0));
        for (var i = 0; i < stamps.Length; i++)
        {
            if (array)
                to.Write(i == 0 ? "["u8 : ","u8);
            to.Write(_before);
            stamps[i].Write(to, payloadBytes);
            to.Write(After);
        }

        if (array)
            to.Write("]"u8);
    }
}
