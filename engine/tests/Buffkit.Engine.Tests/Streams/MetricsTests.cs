using System.Net.WebSockets;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>What the instruments say of a run that is written down here, number by number.</summary>
public sealed class MetricsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connections_OfEachTransport_AreCountedByHowTheyBegan()
    {
        await using var server = await StreamsServer.StartAsync();
        using var measured = new Measurements(server.Services);
        var first = await server.PublishAsync("a", 1);
        await server.PublishAsync("a", 2);

        await using (var fresh = await EventStreamClient.ConnectAsync(server.Address, "a"))
        await using (var back = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first))
        await using (var lost = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: "zzzz-9"))
        using (var socket = new ClientWebSocket())
        {
            socket.Options.AddSubProtocol("cloudevents.json");
            await socket.ConnectAsync(new Uri($"ws://{server.Address.Authority}/events/ws?topic=a&after={first}"), Stop);
            Assert.Equal(["2"], await back.NextDataAsync(1));

            await Eventually.TrueAsync(() => measured.All(StreamsTelemetry.Connections) == "sse=3, websocket=1", "all four to be open");
            await Eventually.TrueAsync(() => measured.Of(StreamsTelemetry.Sessions) == 4, "a session for each");
        }

        await LongPollTests.PollAsync(server, "/events?topic=a&wait=0");

        await Eventually.TrueAsync(() => measured.All(StreamsTelemetry.Connections) == "", "all to be closed");
        Assert.Equal("gap sse=1, new sse=1, recovered sse=1, recovered websocket=1", measured.All(StreamsTelemetry.ConnectionsOpened));
        Assert.Equal("epoch=1", measured.All(StreamsTelemetry.Gaps));
        await Eventually.TrueAsync(() => measured.Of(StreamsTelemetry.Sessions) == 0, "no session to be left");
    }

    [Fact]
    public async Task Delivery_OfLiveEvents_HasItsLagAndOfReplayedOnesNone()
    {
        await using var server = await StreamsServer.StartAsync();
        using var measured = new Measurements(server.Services);
        var first = await server.PublishAsync("a", 0);
        for (var n = 1; n <= 5; n++)
            await server.PublishAsync("a", n);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first);
        Assert.Equal(5, (await client.NextDataAsync(5)).Length);
        await client.LiveAsync();
        Assert.Equal(0, measured.Of(StreamsTelemetry.DeliveryLag));

        for (var n = 6; n <= 8; n++)
        {
            await server.PublishAsync("a", n);
            await client.NextDataAsync(1);
        }

        // One after the other, so each in a write of its own.
        await Eventually.TrueAsync(() => measured.Of(StreamsTelemetry.DeliveryLag) == 3, "the last write to be noted");
        Assert.Equal(9, measured.Of(StreamsTelemetry.Published));
        Assert.Equal(8, measured.Of(StreamsTelemetry.Delivered));
        Assert.Equal((9, 9, 0), (measured.Of(StreamsTelemetry.LogEvents), measured.Of(StreamsTelemetry.TailEvents), measured.Of(StreamsTelemetry.TailLag)));
        Assert.Equal((0, 0), (measured.Of(StreamsTelemetry.QueueEvents), measured.Of(StreamsTelemetry.QueueBytes)));
    }

    // What Redis lost is still in the tail of a server, which leads whoever comes back to the gap.
    [Fact]
    public void Connection_WithACursorOfAnEarlierEpochThatTheTailHolds_BeganWithAGap()
    {
        Assert.Equal(
            [StreamOutcome.Gap, StreamOutcome.Recovered, StreamOutcome.New, StreamOutcome.New],
            new[] { ("a-1", false), ("a-1", true), (null, true), (null, false) }.Select(one => SubscribeEndpoint.Outcome(
                new WantedStart(one.Item1, null, one.Item1 is null && one.Item2), StartingPoint.At(default, one.Item2))));
    }

    [Fact]
    public async Task Compression_OfOneEventForManyConnections_IsCountedOnce()
    {
        await using var server = await StreamsServer.StartAsync();
        using var measured = new Measurements(server.Services);
        (string, string)[] gzip = [("Accept-Encoding", "gzip")];
        await using var one = await RawConnection.GetAsync(server.Address, "/events?topic=a", gzip);
        await using var other = await RawConnection.GetAsync(server.Address, "/events?topic=a", gzip);
        Assert.Equal("gzip", one.Headers["Content-Encoding"]);

        await server.PublishAsync("a", new string('x', 4_000));

        await Eventually.TrueAsync(() => measured.Of(StreamsTelemetry.Delivered) == 2, "both to have it");
        Assert.InRange(measured.Of(StreamsTelemetry.CompressionInput), 4_000, 4_200);
        Assert.InRange(measured.Of(StreamsTelemetry.CompressionOutput), 1, 400);
    }

    [Fact]
    public async Task Redis_ThatIsAway_IsCounted()
    {
        await using var nobody = await ConnectionMultiplexer.ConnectAsync("localhost:1,abortConnect=false,connectRetry=0,connectTimeout=100");
        await using var server = await StreamsServer.StartAsync(services: services => services.AddSingleton<IConnectionMultiplexer>(nobody));
        using var measured = new Measurements(server.Services);

        await Eventually.TrueAsync(() => measured.Of(StreamsTelemetry.RedisErrors) > 0, "a try to be counted");

        Assert.Equal(0, measured.Of(StreamsTelemetry.LogAvailable));
    }
}
