using System.Net;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>Streams that begin by time: <c>?since=</c>.</summary>
public sealed class SinceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-01-01T12:00:03Z", 3)]
    [InlineData("2026-01-01T12:00:02.000001Z", 3)]
    [InlineData("2026-01-01T13:00:03%2B01:00", 3)]
    [InlineData("2026-01-01T11:00:00Z", 0)]
    [InlineData("2026-01-01T12:00:09Z", 9)]
    public async Task Open_SinceATime_BeginsWithTheFirstEventFromThenOn(string since, int first)
    {
        var time = new FakeTimeProvider(Noon);
        await using var server = await StreamsServer.StartAsync(services: services => services.AddSingleton<IEventLog>(new MemoryEventLog(new LogOptions(), time)));
        for (var n = 0; n < 10; n++)
        {
            await server.PublishAsync("a", n);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: $"&since={since}");

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(first, 10 - first).Select(n => $"{n}"), await client.NextDataAsync(10 - first));
    }

    [Fact]
    public async Task Open_SinceATimeOfWhichNothingIsRetained_TellsTheGap()
    {
        var time = new FakeTimeProvider(Noon);
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Tail:Capacity"] = "16" },
            services => services.AddSingleton<IEventLog>(new MemoryEventLog(new LogOptions { MaxEvents = 16 }, time)));
        for (var n = 0; n < 50; n++)
            await server.PublishAsync("a", n);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&since=2026-01-01T11:00:00Z");

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("evicted", (await client.NextGapAsync()).Reason);
        Assert.Equal("34", (await client.NextDataAsync(1))[0]);
    }

    [Theory]
    [InlineData("&since=2026-01-01T12:00:05Z")]
    [InlineData("&after=earliest")]
    public async Task Open_TheLogIsAway_SaysThatSomethingMayBeLostAndDeliversAllWhenItIsBack(string start)
    {
        var time = new FakeTimeProvider(Noon);
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), time), seed: 1) { Rate = 0 };
        await using var server = await StreamsServer.StartAsync(services: services => services.AddSingleton<IEventLog>(log));
        for (var n = 0; n < 10; n++)
        {
            await server.PublishAsync("a", n);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        log.Away = true;
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: start);
        log.Away = false;

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("evicted", (await client.NextGapAsync()).Reason);
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{n}"), await client.NextDataAsync(10));
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-01-01")]
    [InlineData("2026-01-01T12:00:00+01:00")]
    [InlineData("")]
    public async Task Open_SinceThatIsNoTime_IsRefusedWithAnExample(string since)
    {
        await using var server = await StreamsServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/events?topic=a&since={since}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("RFC 3339", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
