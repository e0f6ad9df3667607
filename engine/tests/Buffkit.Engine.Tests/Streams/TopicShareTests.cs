using System.Globalization;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>A topic that floods the log costs others nothing of what is retained for them.</summary>
public sealed class TopicShareTests
{
    private static readonly Dictionary<string, string?> SmallLog = new()
    {
        ["Streams:Tail:Capacity"] = "16", ["Streams:Log:MaxEvents"] = "400", ["Streams:Limits:EventsPerPublish"] = "1000",
    };

    [Fact]
    public async Task Flood_OfOneTopic_IsNoGapForOthersAndOneForItsOwn()
    {
        await using var server = await StreamsServer.StartAsync(SmallLog);
        var start = await server.PublishFromCodeAsync("news/today", "0");
        for (var n = 1; n <= 150; n++)
            await server.PublishFromCodeAsync($"news/{n % 7}", n.ToString(CultureInfo.InvariantCulture));
        for (var call = 0; call < 10; call++)
            await server.Publisher.TryPublishAsync([.. Enumerable.Range(0, 1_000).Select(_ => EventDraft.Json(Topic.Parse("user/ada/x"), "t", 1))], cancellationToken: TestContext.Current.CancellationToken);
        await server.PublishFromCodeAsync("news/today", "151");

        await using var reader = await EventStreamClient.ConnectAsync(server.Address, "news/**", lastEventId: start);
        Assert.True(reader.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(1, 151).Select(n => n.ToString(CultureInfo.InvariantCulture)), await reader.NextDataAsync(151));

        await using var hers = await EventStreamClient.ConnectAsync(server.Address, "user/ada/**", lastEventId: start);
        Assert.False(hers.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("evicted", (await hers.NextGapAsync()).Reason);

        await using var both = await EventStreamClient.ConnectAsync(server.Address, "**", lastEventId: start);
        Assert.Equal("evicted", (await both.NextGapAsync()).Reason);
    }

    [Fact]
    public async Task Flood_WithoutAShare_EvictsTheOldest()
    {
        await using var server = await StreamsServer.StartAsync(new(SmallLog) { ["Streams:Log:TopicShare"] = "0" });
        var start = await server.PublishFromCodeAsync("news/today", "0");
        await server.PublishFromCodeAsync("news/today", "1");
        await server.Publisher.TryPublishAsync([.. Enumerable.Range(0, 1_000).Select(_ => EventDraft.Json(Topic.Parse("user/ada/x"), "t", 1))], cancellationToken: TestContext.Current.CancellationToken);

        await using var reader = await EventStreamClient.ConnectAsync(server.Address, "news/**", lastEventId: start);

        Assert.Equal("evicted", (await reader.NextGapAsync()).Reason);
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a/**", "a", true)]
    [InlineData("a", "a/**", true)]
    [InlineData("a", "a/*", false)]
    [InlineData("user/ada/**", "user/*/x", true)]
    [InlineData("user/ada/**", "user/*", true)]
    [InlineData("user/ada/**", "user", false)]
    [InlineData("user/ada/**", "*/bob/**", false)]
    [InlineData("user/ada/**", "**", true)]
    [InlineData("*/b", "a/*", true)]
    [InlineData("a/b/c", "a/*", false)]
    public void Overlaps_TwoFilters_IsWhetherATopicCanMatchBoth(string one, string other, bool overlap)
    {
        Assert.Equal(overlap, TopicFilter.Parse(one).Overlaps(TopicFilter.Parse(other)));
        Assert.Equal(overlap, TopicFilter.Parse(other).Overlaps(TopicFilter.Parse(one)));
    }
}
