using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>A server that stops while one client does not take its last word, so that the drain lasts.</summary>
public sealed class DrainTests
{
    private static readonly Dictionary<string, string?> Settings = new() { ["Streams:Drain:Timeout"] = "00:00:03" };

    [Fact]
    public async Task Drain_BrowserThatComesBack_IsTurnedAwayInBandAndKeepsComing()
    {
        await using var server = await StreamsServer.StartAsync(Settings);
        await using var stuck = await StuckAsync(server);
        var stopping = server.StopAsync();

        await using var again = await RawConnection.GetAsync(server.Address, "/events?topic=a");
        using var reader = new StreamReader(again.Body);
        var body = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        await stopping;

        Assert.Equal(200, again.Status);
        Assert.StartsWith("retry: ", body, StringComparison.Ordinal);
        Assert.Contains("event: stream.close\ndata: {\"reason\":\"drain\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_Publish_IsRefusedSinceNobodyWouldSeeIt()
    {
        await using var server = await StreamsServer.StartAsync(Settings);
        await using var stuck = await StuckAsync(server);
        var stopping = server.StopAsync();

        using var response = await server.Http.PostAsJsonAsync(
            "events", new { topic = "a", type = "t" }, TestContext.Current.CancellationToken);
        var retryAfter = response.Headers.RetryAfter;
        await stopping;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(retryAfter);
    }

    [Fact]
    public async Task Drain_EventsAcceptedBefore_AreDeliveredBeforeTheLastWord()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        for (var i = 0; i < 100; i++)
            await server.PublishAsync("a", i);

        var stopping = server.StopAsync();
        var data = await client.NextDataAsync(100);
        var close = await client.NextAsync();
        await stopping;

        Assert.Equal("99", data[^1]);
        Assert.Equal("drain", JsonSerializer.Deserialize<JsonElement>(close.Data).GetProperty("reason").GetString());
    }

    private static async Task<RawConnection> StuckAsync(StreamsServer server)
    {
        var stuck = await RawConnection.GetAsync(server.Address, "/events?topic=big", receiveBuffer: 4_096);
        for (var i = 0; i < 200; i++)
            await server.PublishAsync("big", new string('x', 60_000));
        return stuck;
    }
}
