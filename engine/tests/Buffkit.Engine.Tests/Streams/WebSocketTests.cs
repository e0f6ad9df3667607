using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using CloudNative.CloudEvents;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

public sealed class WebSocketTests
{
    [Fact]
    public async Task WebSocket_Connected_GetsOpenThenEventsAsCloudEvents()
    {
        await using var server = await StreamsServer.StartAsync();
        using var socket = await ConnectAsync(server, "topic=a/**");

        var open = await NextAsync(socket);
        var id = await server.PublishAsync("a/1", new { n = 1 }, "t");
        var item = await NextAsync(socket);

        Assert.Equal("cloudevents.json", socket.SubProtocol);
        Assert.Equal("stream.open", open.Type);
        Assert.Equal((id, "t", "a/1"), (item.Id, item.Type, (string?)item["topic"]));
    }

    [Fact]
    public async Task WebSocket_CutAndResumed_GetsExactlyWhatItMissed()
    {
        await using var server = await StreamsServer.StartAsync();
        string cursor;
        using (var socket = await ConnectAsync(server, "topic=a"))
        {
            cursor = (await NextAsync(socket)).Id!;
            socket.Abort();
        }

        for (var i = 1; i <= 20; i++)
            await server.PublishAsync("a", i);
        using var resumed = await ConnectAsync(server, $"topic=a&after={cursor}");

        Assert.Equal("stream.open", (await NextAsync(resumed)).Type);
        CloudEvent? last = null;
        for (var i = 1; i <= 20; i++)
            Assert.Equal($"{i}", (last = await NextAsync(resumed)).Data!.ToString());
        var live = await ReadAsync(resumed);
        Assert.Contains("\"replayed\":20", live.Data!.ToString(), StringComparison.Ordinal);
        Assert.Equal(("stream.live", last!.Id, "/events#live"), (live.Type, live.Id, live.Source!.ToString()));
    }

    [Fact]
    public async Task WebSocket_ServerStops_IsToldAndClosed()
    {
        await using var server = await StreamsServer.StartAsync();
        using var socket = await ConnectAsync(server, "topic=a");
        await NextAsync(socket);

        var stopping = server.StopAsync();
        var close = await NextAsync(socket);
        var end = await socket.ReceiveAsync(new byte[16], TestContext.Current.CancellationToken);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal("stream.close", close.Type);
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.EndpointUnavailable), (end.MessageType, socket.CloseStatus));
    }

    [Fact]
    public async Task WebSocket_ClientSpeaks_IsClosed()
    {
        await using var server = await StreamsServer.StartAsync();
        using var socket = await ConnectAsync(server, "topic=a");
        await NextAsync(socket);
        Assert.Equal("stream.live", (await ReadAsync(socket)).Type);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        var end = await socket.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken);

        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, socket.CloseStatus);
    }

    [Theory]
    [InlineData(new byte[] { 0x89, 0x80, 1, 2, 3, 4 })]
    [InlineData(new byte[] { 0x8A, 0x83, 0, 0, 0, 0, 1, 2, 3 })]
    public async Task WebSocket_FloodOfControlFrames_IsClosedAsAgainstThePolicy(byte[] frame)
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:FramesPerSecond"] = "20" });
        await using var connection = await RawConnection.GetAsync(server.Address, "/events/ws?topic=a", Upgrade);
        Assert.Equal(101, connection.Status);

        // Whole frames and parts of them: a hundred in all.
        var flood = Enumerable.Repeat(frame, 100).SelectMany(bytes => bytes).ToArray();
        foreach (var part in flood.Chunk(7))
            await connection.SendAsync(part);

        Assert.Equal(1008, await CloseCodeAsync(connection.Body));
    }

    [Fact]
    public async Task WebSocket_PingsNowAndThen_AreAnsweredAndNothingElseHappens()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Limits:FramesPerSecond"] = "5" }, services => services.AddSingleton<TimeProvider>(time));
        await using var connection = await RawConnection.GetAsync(server.Address, "/events/ws?topic=a", Upgrade);

        for (var second = 0; second < 10; second++)
        {
            for (var ping = 0; ping < 5; ping++)
            {
                await connection.SendAsync([0x89, 0x80, 1, 2, 3, 4]);
                Assert.Equal(0xA, await NextControlAsync(connection.Body));
            }

            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task WebSocket_ForeignSubprotocol_Is400()
    {
        await using var server = await StreamsServer.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Address(server, "topic=a"), TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.BadRequest, socket.HttpStatusCode);
    }

    [Theory]
    [InlineData("/events/ws?topic=a", HttpStatusCode.UpgradeRequired, "Upgrade")]
    public async Task WebSocket_PlainRequest_IsToldToUpgrade(string path, HttpStatusCode status, string field)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, status, field);
    }

    private static (string, string)[] Upgrade =>
    [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    private static async Task<int> CloseCodeAsync(Stream frames)
    {
        while (true)
        {
            var (code, payload) = await NextFrameAsync(frames);
            if (code == 0x8)
                return BinaryPrimitives.ReadUInt16BigEndian(payload);
        }
    }

    private static async Task<int> NextControlAsync(Stream frames)
    {
        while (true)
        {
            var (code, _) = await NextFrameAsync(frames);
            if (code >= 0x8)
                return code;
        }
    }

    private static async Task<(int Code, byte[] Payload)> NextFrameAsync(Stream frames)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var head = new byte[2];
        await frames.ReadExactlyAsync(head, cancellation);
        var length = (int)head[1];
        if (length == 126)
        {
            await frames.ReadExactlyAsync(head.AsMemory(0, 2), cancellation);
            (length, head[0]) = (BinaryPrimitives.ReadUInt16BigEndian(head), 0x1);
        }

        var payload = new byte[length];
        await frames.ReadExactlyAsync(payload, cancellation);
        return (head[0] & 0xF, payload);
    }

    private static Uri Address(StreamsServer server, string query) => new($"ws://{server.Address.Authority}/events/ws?{query}");

    internal static async Task<ClientWebSocket> ConnectAsync(StreamsServer server, string query)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("cloudevents.json");
        await socket.ConnectAsync(Address(server, query), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>The next message but <c>stream.live</c>.</summary>
    internal static async Task<CloudEvent> NextAsync(ClientWebSocket socket)
    {
        while (true)
        {
            var message = await ReadAsync(socket);
            if (message.Type != "stream.live")
                return message;
        }
    }

    private static async Task<CloudEvent> ReadAsync(ClientWebSocket socket)
    {
        var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
                return FormatTests.Decode(Encoding.UTF8.GetString(message.ToArray()));
        }
    }
}
