using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>
/// A log in memory behind a network that cuts, delays, splits, duplicates and stalls, all by one seed. From a number of connections on it
/// behaves, so that each round ends.
/// </summary>
internal sealed class ChaosServer
{
    private const int MostEvents = 20;
    private const int ConnectionsOfChaos = 12;

    private static readonly string[] Texts =
        ["a", "", "zwei Zeilen\nund eine\r\ndritte\rvierte", "data: id: 7\n\nretry: 1", "é€😀 ナ", "{\"a\":[1,2,{\"b\":null}]}", "\ufeff", new('x', 1_500), " vorn", ": Kommentar"];

    private readonly Random _random;
    private readonly bool _plain;
    private readonly (string Id, string Data)[] _log;
    private int _published;

    public ChaosServer(int seed, bool plain)
    {
        (_random, _plain) = (new Random(seed), plain);
        _log = [.. Enumerable.Range(0, 1 + _random.Next(MostEvents)).Select(i => ($"k3x9m2qp-{i + 1}", $"{i}:{Texts[_random.Next(Texts.Length)]}"))];
        _published = _random.Next(_log.Length + 1);
    }

    /// <summary>What must arrive, as it must.</summary>
    public IEnumerable<(string Id, string Data)> Expected => _plain ? _log.Select(e => (e.Id, e.Data.ReplaceLineEndings("\n"))) : _log;

    public int Count => _log.Length;

    public HttpResponseMessage Answer(HttpRequestMessage request, int number)
    {
        var isCalm = number >= ConnectionsOfChaos;
        // More is published while the client is away.
        _published = isCalm ? _log.Length : Math.Min(_log.Length, _published + _random.Next(4));
        if (!isCalm && _random.Next(8) == 0)
            return Broken();
        var last = request.Headers.TryGetValues("Last-Event-ID", out var values) ? values.Single() : "";
        var from = last.Length == 0 ? 0 : int.Parse(last[(last.IndexOf('-', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        return isCalm ? ScriptedServer.Stream([Bytes(from, calm: true)], BodyEnd.Stall) : Chaotic(Bytes(from, calm: false));
    }

    private HttpResponseMessage Broken() => _random.Next(4) switch
    {
        0 => ScriptedServer.Page(HttpStatusCode.BadGateway),
        1 => ScriptedServer.Page(HttpStatusCode.OK),
        2 => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { { "Retry-After", "3" } } },
        _ => throw new HttpRequestException("Connection refused."),
    };

    private HttpResponseMessage Chaotic(byte[] bytes)
    {
        var end = (BodyEnd)_random.Next(3);
        var cut = _random.Next(3) == 0 ? bytes.Length : _random.Next(bytes.Length + 1);
        return ScriptedServer.Stream(new DelayingStream(new ScriptedBody(Split(bytes[..cut]), end), _random.Next(4) == 0 ? new Random(_random.Next()) : null));
    }

    private IEnumerable<byte[]> Split(byte[] bytes)
    {
        var most = _random.Next(3) switch { 0 => 1, 1 => 20, _ => bytes.Length };
        var random = new Random(_random.Next());
        for (var i = 0; i < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - i, 1 + random.Next(most));
            yield return bytes[i..(i + length)];
            i += length;
        }
    }

    private byte[] Bytes(int from, bool calm)
    {
        var lineEnd = _random.Next(3) switch { 0 => "\r\n", 1 => "\r", _ => "\n" };
        var text = new StringBuilder();
        var blocks = new List<string>();
        if (!_plain)
            blocks.Add($"retry: {_random.Next(5)}\nid: {Id(from)}\nevent: stream.open\ndata: {{\"session\":\"s\",\"recovered\":true,\"epoch\":\"k3x9m2qp\",\"latest\":\"{Id(from)}\"}}\n\n");
        for (var i = from; i < _published; i++)
        {
            if (_random.Next(6) == 0)
                blocks.Add(_random.Next(3) switch { 0 => ": comment\n", 1 => $"id: {Id(i)}\n\n", _ => "event: nothing\n\n" });
            blocks.Add(_plain ? Plain(i) : Cloud(i));
        }

        if (!_plain)
            blocks.Add($"event: stream.live\ndata: {{\"replayed\":{_published - from},\"latest\":\"{Id(_published)}\"}}\n\n");
        for (var i = 0; i < blocks.Count; i++)
        {
            text.Append(blocks[i]);
            // A part of the stream comes again. Another server's client cannot know that: there an id is none of one event alone.
            if (!calm && !_plain && _random.Next(6) == 0)
                text.AppendJoin("", blocks[Math.Max(0, i - _random.Next(5))..(i + 1)]);
        }

        return Encoding.UTF8.GetBytes(text.ToString().ReplaceLineEndings(lineEnd));
    }

    private static string Id(int number) => number == 0 ? "k3x9m2qp-0" : $"k3x9m2qp-{number}";

    private string Plain(int i)
    {
        var lines = _log[i].Data.ReplaceLineEndings("\n").Split('\n').Select(line => $"data: {line}\n");
        return $"id: {_log[i].Id}\n{string.Concat(lines)}\n";
    }

    private string Cloud(int i)
    {
        var data = JsonSerializer.Serialize(new
        {
            specversion = "1.0", id = _log[i].Id, source = "/events", type = "t", topic = "a/b", datacontenttype = "text/plain", data = _log[i].Data,
        });
        return $"id: {_log[i].Id}\nevent: t\ndata: {data}\n\n";
    }

    /// <summary>Now and then a piece is not there when it is asked for.</summary>
    private sealed class DelayingStream(Stream inner, Random? random) : DelegatingStream(inner)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (random?.Next(3) == 0)
                await Task.Yield();
            return await Inner.ReadAsync(buffer, cancellationToken);
        }
    }
}
