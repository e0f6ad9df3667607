using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

public sealed class PolicyTests
{
    [Theory]
    [InlineData(DeliveryPolicy.Skip)]
    [InlineData(DeliveryPolicy.Conflate)]
    [InlineData(DeliveryPolicy.Disconnect)]
    public async Task Delivery_BurstToAClientThatKeepsUp_LosesNothingWhateverThePolicy(DeliveryPolicy policy)
    {
        const int Events = 1_000;
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Delivery:Policy"] = policy.ToString(),
            ["Streams:Delivery:MaxPendingBytes"] = "8192",
        });
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        await PublishAsync(server, "a", Events);

        Assert.Equal(Enumerable.Range(0, Events).Select(n => $"{n}"), await client.NextDataAsync(Events));
    }

    [Fact]
    public async Task Delivery_BurstAfterLongQuiet_IsNoGap()
    {
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Tail:Capacity"] = "256",
            ["Streams:Log:MaxEvents"] = "1000",
            ["Streams:Delivery:MaxPendingBytes"] = "8192",
        });
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "quiet");
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        await Eventually.TrueAsync(() => connections.All.Single().IsLive, "the connection is live");
        await PublishAsync(server, "other", 5_000);
        await PublishAsync(server, "quiet", 100);

        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"{n}"), await client.NextDataAsync(100));
    }

    // No faster than the tail follows: the log is smaller than what is published.
    private static async Task PublishAsync(StreamsServer server, string topic, int count)
    {
        var tail = server.Services.GetRequiredService<EventTail>();
        foreach (var numbers in Enumerable.Range(0, count).Chunk(500))
        {
            var result = await server.Publisher.TryPublishAsync(
                [.. numbers.Select(n => EventDraft.Json(Topic.Parse(topic), "t", n))], cancellationToken: TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() => tail.HasReached(result.Ids[^1]), "the tail has the events");
        }
    }
}
