using System.Globalization;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>A log spread over several streams: every topic in its order, and a cursor that any server goes on from.</summary>
[Collection(MeasuredTests.Name)]
public sealed class PartitionTests(RedisServer redis) : IAsyncDisposable
{
    private const int Topics = 12;
    private const int EventsPerTopic = 250;

    private readonly string _prefix = RedisServer.NewKeyPrefix();
    private readonly List<ConnectionMultiplexer> _connections = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // With the small tail every hand-over goes through the log.
    [Theory]
    [InlineData(8_192)]
    [InlineData(16)]
    public async Task Client_CutAndResumedOnTheOtherNode_HasEveryTopicWholeAndInOrder(int tail)
    {
        await using var a = await StartAsync(3, tail);
        await using var b = await StartAsync(3, tail);
        StreamsServer[] nodes = [a, b];
        await using var onA = new ResumingClient(_ => a.Address, "t/*");
        await using var restless = new ResumingClient(number => nodes[number % 2].Address, "t/*");
        await using var some = new ResumingClient(number => nodes[number % 2].Address, "t/3");
        await Task.WhenAll(onA.OpenedAsync(), restless.OpenedAsync(), some.OpenedAsync());

        var publishing = Task.WhenAll(Enumerable.Range(0, Topics).Select(topic => PublishAsync(nodes[topic % 2], topic, 0, EventsPerTopic)));
        var random = new Random(11);
        for (var cut = 1; cut <= 40; cut++)
        {
            await restless.ReceivedAsync((cut * Topics * EventsPerTopic / 41) + random.Next(20));
            restless.Cut();
            some.Cut();
            await restless.OpenedAsync(cut + 1);
        }

        await publishing;
        await some.ReceivedAsync(EventsPerTopic);
        Assert.Equal(Enumerable.Range(0, EventsPerTopic).Select(n => $"3/{n}"), some.Events.Select(e => e.Data));
        foreach (var client in (ResumingClient[])[onA, restless])
        {
            await client.ReceivedAsync(Topics * EventsPerTopic);
            AssertWhole(client);
        }

        Assert.Empty(some.Gaps);
        Assert.Equal(3, await UsedStreamsAsync());
    }

    [Fact]
    public async Task Partition_LosesItsEvents_IsAGapAndTheOthersGoOn()
    {
        await using var node = await StartAsync(3, 8_192);
        await using var client = new ResumingClient(_ => node.Address, "t/*");
        await client.OpenedAsync();
        for (var topic = 0; topic < Topics; topic++)
            await PublishAsync(node, topic, 0, 10);
        await client.ReceivedAsync(Topics * 10);

        await _connections[0].GetDatabase().KeyDeleteAsync(new RedisKeys(new RedisOptions { KeyPrefix = _prefix }, 1).Log);
        await Eventually.TrueAsync(() => client.Gaps.Length > 0, "the gap");
        client.Cut();
        for (var topic = 0; topic < Topics; topic++)
            await PublishAsync(node, topic, 10, 10);
        await client.ReceivedAsync(Topics * 20);

        Assert.Equal("epoch", Assert.Single(client.Gaps).Reason);
        Assert.Equal(Topics * 20, client.Events.Select(e => e.Data).Distinct().Count());
    }

    [Fact]
    public async Task Append_OverPartitionsWithAKey_IsTakenOnceAndTellsAnotherRequest()
    {
        await using var node = await StartAsync(3, 8_192);
        var log = node.Services.GetRequiredService<IEventLog>();
        EventDraft[] batch = [.. Enumerable.Range(0, Topics).Select(topic => Draft(topic, 0))];
        var first = await log.AppendAsync(new AppendRequest(batch, new Idempotency("key", "f")), Stop);
        var again = await log.AppendAsync(new AppendRequest(batch, new Idempotency("key", "f")), Stop);
        // Of another partition than any that the first has: the key is known all the same.
        var others = await Task.WhenAll(batch.Select(draft => log.AppendAsync(new AppendRequest([draft], new Idempotency("key", "g")), Stop).AsTask()));

        Assert.Equal((AppendStatus.Appended, AppendStatus.AlreadyAppended), (first.Status, again.Status));
        Assert.Equal(first.Ids, again.Ids);
        Assert.Equal(Topics, first.Ids.Distinct().Count());
        Assert.All(others, other => Assert.Equal(AppendStatus.KeyConflict, other.Status));
    }

    [Fact]
    public async Task Partitions_Added_AnOldCursorIsStillGood()
    {
        string last;
        await using (var before = await StartAsync(1, 8_192))
        {
            await using var client = await EventStreamClient.ConnectAsync(before.Address, "t/*");
            await PublishAsync(before, 0, 0, 5);
            await client.NextDataAsync(4);
            last = (await client.NextAsync()).EventId!;
        }

        await using var node = await StartAsync(3, 8_192);
        for (var topic = 0; topic < Topics; topic++)
            await PublishAsync(node, topic, 5, 1);
        await using var after = await EventStreamClient.ConnectAsync(node.Address, "t/*", lastEventId: last);

        Assert.True(after.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(0, Topics).Select(topic => $"{topic}/5").Order(), (await after.NextDataAsync(Topics)).Order());
    }

    // The node comes last, and its tail holds none of the first.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Earliest_OnANodeThatCameLate_BringsAllThatIsRetained(int partitions)
    {
        await using var publisher = await StartAsync(partitions, 8_192);
        for (var topic = 0; topic < Topics; topic++)
            await PublishAsync(publisher, topic, 0, 10);
        await using var node = await StartAsync(partitions, 16);

        await using var client = await EventStreamClient.ConnectAsync(node.Address, "t/*", after: "earliest");

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        var data = await client.NextDataAsync(Topics * 10);
        var expected = Enumerable.Range(0, Topics).SelectMany(topic => Enumerable.Range(0, 10).Select(n => $"{topic}/{n}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), data.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("kbc3x9d2-7")]
    [InlineData("1k.5_1l.7")]
    [InlineData("zzzzzz.5")]
    [InlineData("garbage")]
    public async Task Cursor_OfAnotherLog_IsAGapAndTheStreamGoesOn(string cursor)
    {
        await using var node = await StartAsync(2, 8_192);
        await using var client = await EventStreamClient.ConnectAsync(node.Address, "t/*", lastEventId: cursor);
        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(cursor, (await client.NextGapAsync()).After);
        await PublishAsync(node, 0, 0, 1);
        System.Net.ServerSentEvents.SseItem<string> item;
        while ((item = await client.NextAsync()).EventType == "stream.gap")
        {
        }

        Assert.Equal("0/0", item.Data);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    private static void AssertWhole(ResumingClient client)
    {
        Assert.Empty(client.Gaps);
        Assert.Equal(0, client.Repeats);
        var data = client.Events.Select(e => e.Data).ToArray();
        for (var topic = 0; topic < Topics; topic++)
        {
            var prefix = $"{topic}/";
            Assert.Equal(
                Enumerable.Range(0, EventsPerTopic).Select(n => $"{topic}/{n}"),
                data.Where(text => text.StartsWith(prefix, StringComparison.Ordinal)));
        }

        Assert.Equal(Topics * EventsPerTopic, data.Length);
    }

    private static EventDraft Draft(int topic, int number) =>
        EventDraft.Json(Topic.Parse($"t/{topic}"), "t", string.Create(CultureInfo.InvariantCulture, $"{topic}/{number}"));

    private static async Task PublishAsync(StreamsServer server, int topic, int from, int count)
    {
        for (var n = from; n < from + count; n++)
            await server.Publisher.PublishAsync(Draft(topic, n), Stop);
    }

    private async Task<int> UsedStreamsAsync()
    {
        var lengths = await Task.WhenAll(Enumerable.Range(0, 3).Select(
            p => _connections[0].GetDatabase().StreamLengthAsync(new RedisKeys(new RedisOptions { KeyPrefix = _prefix }, p).Log)));
        return lengths.Count(length => length > 100);
    }

    private async Task<StreamsServer> StartAsync(int partitions, int tail)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        _connections.Add(connection);
        return await StreamsServer.StartAsync(
            new()
            {
                ["Streams:Redis:KeyPrefix"] = _prefix,
                ["Streams:Log:Partitions"] = partitions.ToString(CultureInfo.InvariantCulture),
                ["Streams:Tail:Capacity"] = tail.ToString(CultureInfo.InvariantCulture),
            },
            services => services.AddSingleton<IConnectionMultiplexer>(connection));
    }
}
