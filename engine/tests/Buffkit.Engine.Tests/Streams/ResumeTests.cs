using System.Globalization;
using Buffkit.Streams;

namespace Buffkit.Tests;

public sealed class ResumeTests
{
    [Fact]
    public async Task Stream_CutFiftyTimesWhileAThousandArePublished_DeliversAllInOrderOnce()
    {
        const int Events = 1_000;
        const int Cuts = 50;
        var random = new Random(20260901);
        await using var server = await StreamsServer.StartAsync();
        var cuts = random.GetItems(Enumerable.Range(1, Events - 1).ToArray(), 4 * Cuts).Distinct().Take(Cuts).ToHashSet();

        var client = await EventStreamClient.ConnectAsync(server.Address, "orders/**");
        var publishing = PublishAsync(server, Events);
        var received = new List<string>();
        var seen = new HashSet<string>();
        while (received.Count < Events)
        {
            var item = await client.NextAsync();
            if (seen.Add(item.EventId!))
                received.Add(item.Data);
            if (!cuts.Remove(received.Count))
                continue;

            client.Cut();
            client = await EventStreamClient.ConnectAsync(server.Address, "orders/**", lastEventId: item.EventId);
            Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        }

        await publishing;
        await client.DisposeAsync();
        Assert.Equal(Enumerable.Range(1, Events).Select(n => n.ToString(CultureInfo.InvariantCulture)), received);
    }

    [Fact]
    public async Task Open_NoCursor_RecoversNothingAndBeginsNow()
    {
        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 1);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var live = await client.LiveAsync();
        await server.PublishAsync("a", 2);

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal((0, client.OpenId), (live.GetProperty("replayed").GetInt32(), live.GetProperty("latest").GetString()));
        Assert.Equal("2", (await client.NextAsync()).Data);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_WithCursor_ReplaysExactlyWhatMatchesAfterIt(bool byHeader)
    {
        await using var server = await StreamsServer.StartAsync();
        var ids = new List<string>();
        for (var i = 1; i <= 10; i++)
            ids.Add(await server.PublishAsync(i % 2 == 0 ? "even" : "odd", i));

        await using var client = await EventStreamClient.ConnectAsync(
            server.Address, "even", lastEventId: byHeader ? ids[3] : null, after: byHeader ? null : ids[3]);

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(ids[3], client.Open.GetProperty("latest").GetString());
        Assert.Equal(["6", "8", "10"], await client.NextDataAsync(3));
        var live = await client.LiveAsync();
        Assert.Equal((3, ids[9]), (live.GetProperty("replayed").GetInt32(), live.GetProperty("latest").GetString()));
    }

    [Fact]
    public async Task Open_HeaderAndAfter_HeaderWins()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);
        var second = await server.PublishAsync("a", 2);
        await server.PublishAsync("a", 3);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: second, after: first);

        Assert.Equal("3", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Open_CursorBehindTheTail_ReplaysFromTheLog()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Tail:Capacity"] = "16" });
        var first = await server.PublishAsync("a", 0);
        for (var i = 1; i <= 500; i++)
            await server.PublishAsync(i % 2 == 0 ? "a" : "b", i);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first);

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        var expected = Enumerable.Range(1, 250).Select(i => (2 * i).ToString(CultureInfo.InvariantCulture));
        Assert.Equal(expected, await client.NextDataAsync(250));
        Assert.Equal(250, (await client.LiveAsync()).GetProperty("replayed").GetInt32());
    }

    [Fact]
    public async Task Open_CursorBehindTheLog_TellsTheGapAndReplaysWhatIsLeft()
    {
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Tail:Capacity"] = "16", ["Streams:Log:MaxEvents"] = "20" });
        var ids = new List<string>();
        for (var i = 1; i <= 100; i++)
            ids.Add(await server.PublishAsync("a", i));

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: ids[9]);

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal((ids[9], ids[80], "evicted", ids[79]), await client.NextGapAsync());
        Assert.Equal(Enumerable.Range(81, 20).Select(i => i.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(20));
    }

    [Fact]
    public async Task Open_CursorOfAnotherEpoch_TellsTheGapAndReplaysTheWholeEpoch()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);
        var foreign = new EventId(Epoch.New(), 7).ToString();

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: foreign);

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        var gap = await client.NextGapAsync();
        Assert.Equal((foreign, first, "epoch"), (gap.After, gap.Next, gap.Reason));
        Assert.Equal("1", (await client.NextAsync()).Data);
    }

    [Theory]
    [InlineData("garbage", "garbage")]
    [InlineData("1234", "1234")]
    [InlineData("1bx2k.5f_1bx2l.8a", "1bx2k.5f_1bx2l.8a")]
    [InlineData("a b", null)]
    [InlineData("<script>", null)]
    public async Task Open_HeaderIsNoId_TellsTheGapEchoesOnlyWhatIsSafeAndBeginsNow(string lastEventId, string? echoed)
    {
        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 1);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: lastEventId);
        var second = await server.PublishAsync("a", 2);

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        var gap = await client.NextGapAsync();
        Assert.Equal((echoed, second, "unknown"), (gap.After, gap.Next, gap.Reason));
        Assert.Equal("2", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Open_HeaderAheadOfTheLog_TellsTheGap()
    {
        await using var server = await StreamsServer.StartAsync();
        Assert.True(EventId.TryParse(await server.PublishAsync("a", 1), out var first));

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: (first with { Sequence = 99 }).ToString());

        Assert.Equal("unknown", (await client.NextGapAsync()).Reason);
    }

    private static async Task PublishAsync(StreamsServer server, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            await server.Publisher.PublishAsync(
                EventDraft.Json(Topic.Parse($"orders/{i}"), "test", i), TestContext.Current.CancellationToken);
            if (i % 20 == 0)
                await Task.Yield();
        }
    }
}
