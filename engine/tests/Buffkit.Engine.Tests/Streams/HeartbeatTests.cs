using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

public sealed class HeartbeatTests
{
    private static readonly TimeSpan PastTheHeartbeat = TimeSpan.FromSeconds(16);

    [Fact]
    public async Task Heartbeat_ParserThatTakesEveryBlankLineForAMessage_SeesNone()
    {
        // Without a delay, which would wait for the clock.
        var (server, time) = await StartAsync(new() { ["Streams:Delivery:BatchDelay"] = "00:00:00" });
        await using var _ = server;
        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a");
        using var lines = new StreamReader(connection.Body);
        Assert.Contains("event: stream.open", await NextMessageAsync(lines));
        Assert.Contains("event: stream.live", await NextMessageAsync(lines));

        for (var i = 0; i < 3; i++)
        {
            time.Advance(PastTheHeartbeat);
            Assert.Equal(":", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        }

        await server.PublishAsync("a", 1);

        Assert.Contains("data: 1", await NextMessageAsync(lines));
    }

    [Fact]
    public async Task Heartbeat_Compressed_IsDecodedBeforeAnythingFollows()
    {
        var (server, time) = await StartAsync();
        await using var _ = server;
        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", [("Accept-Encoding", "gzip")]);
        await using var plain = new GZipStream(connection.Body, CompressionMode.Decompress);
        using var lines = new StreamReader(plain);
        await NextMessageAsync(lines);
        await NextMessageAsync(lines);

        time.Advance(PastTheHeartbeat);

        Assert.Equal(":", await lines.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Heartbeat_AskedForAsEvent_IsSeenByAPagesScript()
    {
        var (server, time) = await StartAsync();
        await using var _ = server;
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&heartbeat=event");

        time.Advance(PastTheHeartbeat);
        var beat = await client.NextAsync();

        Assert.Equal(("stream.heartbeat", "{}", client.OpenId), (beat.EventType, beat.Data, beat.EventId));
    }

    [Fact]
    public async Task Heartbeat_AskedForAsEventOnAWebSocket_IsAMessage()
    {
        var (server, time) = await StartAsync();
        await using var _ = server;
        using var socket = await WebSocketTests.ConnectAsync(server, "topic=a&heartbeat=event");
        await WebSocketTests.NextAsync(socket);

        time.Advance(PastTheHeartbeat);
        var beat = await WebSocketTests.NextAsync(socket);

        Assert.Equal("stream.heartbeat", beat.Type);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&heartbeat=event")]
    public async Task Heartbeat_MuchPassedThatWasNotForTheClient_MovesItsIdAlongWithDataThatParses(string more)
    {
        var (server, time) = await StartAsync(new() { ["Streams:Tail:Capacity"] = "16" });
        await using var _ = server;
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: more);
        var latest = "";
        for (var i = 0; i < 12; i++)
            latest = await server.PublishAsync("b", i);

        time.Advance(PastTheHeartbeat);
        var beat = await client.NextAsync();

        Assert.Equal(("stream.heartbeat", latest), (beat.EventType, beat.EventId));
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(beat.Data).RootElement.ValueKind);
    }

    [Fact]
    public async Task Heartbeat_MuchPassedThatWasNotForAWebSocket_MovesItsCursorAlong()
    {
        var (server, time) = await StartAsync(new() { ["Streams:Tail:Capacity"] = "16" });
        await using var _ = server;
        using var socket = await WebSocketTests.ConnectAsync(server, "topic=a");
        await WebSocketTests.NextAsync(socket);
        var latest = "";
        for (var i = 0; i < 12; i++)
            latest = await server.PublishAsync("b", i);

        time.Advance(PastTheHeartbeat);
        var beat = await WebSocketTests.NextAsync(socket);

        Assert.Equal(("stream.heartbeat", latest), (beat.Type, beat.Id));
    }

    private static async Task<(StreamsServer Server, FakeTimeProvider Time)> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var time = new FakeTimeProvider();
        return (await StreamsServer.StartAsync(settings, services => services.AddSingleton<TimeProvider>(time)), time);
    }

    // As @microsoft/fetch-event-source reads: whatever stands before a blank line is a message, and comments are not fields.
    private static async Task<List<string>> NextMessageAsync(StreamReader lines)
    {
        var fields = new List<string>();
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            if (!line.StartsWith(':'))
                fields.Add(line);
        }

        return fields;
    }
}
