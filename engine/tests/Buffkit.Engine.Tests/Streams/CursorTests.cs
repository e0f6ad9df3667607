using System.Globalization;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>Where a client may say how far it came, and what each spelling of that means.</summary>
public sealed class CursorTests
{
    [Theory]
    [InlineData("lastEventId")]
    [InlineData("Last-Event-ID")]
    [InlineData("last-event-id")]
    public async Task Cursor_InAQueryMemberThatStandsForTheHeader_Resumes(string name)
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);
        await server.PublishAsync("a", 2);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: $"&{name}={first}");

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("2", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Cursor_FromHeaderPolyfillAndAfter_IsTheFirstOfThese()
    {
        await using var server = await StreamsServer.StartAsync();
        var ids = new List<string>();
        for (var i = 1; i <= 4; i++)
            ids.Add(await server.PublishAsync("a", i));

        await using var header = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: ids[2], after: ids[0], more: $"&lastEventId={ids[1]}");
        await using var polyfill = await EventStreamClient.ConnectAsync(server.Address, "a", after: ids[0], more: $"&lastEventId={ids[1]}");
        await using var twice = await EventStreamClient.ConnectAsync(server.Address, "a", more: $"&lastEventId={ids[0]}&lastEventId={ids[2]}");

        Assert.Equal(("4", "3", "4"), ((await header.NextAsync()).Data, (await polyfill.NextAsync()).Data, (await twice.NextAsync()).Data));
    }

    [Fact]
    public async Task Cursor_InAQueryMemberThatIsNoId_IsAGapAsInTheHeader()
    {
        await using var server = await StreamsServer.StartAsync();

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&lastEventId=garbage");
        await using var empty = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&lastEventId=");
        await server.PublishAsync("a", 1);

        Assert.Equal("unknown", (await client.NextGapAsync()).Reason);
        Assert.Equal("1", (await empty.NextAsync()).Data);
    }

    [Fact]
    public async Task After_OfAnEarlierEpoch_IsToldAsAGapOnAStream()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", after: "zzzzzzzz-7");

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        var gap = await client.NextGapAsync();
        Assert.Equal(("zzzzzzzz-7", first, "epoch"), (gap.After, gap.Next, gap.Reason));
        Assert.Equal("1", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task After_AheadOfTheLog_IsToldAsAGapNotRefusedForEver()
    {
        await using var server = await StreamsServer.StartAsync();
        Assert.True(EventId.TryParse(await server.PublishAsync("a", 1), out var first));

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", after: (first with { Sequence = 99 }).ToString());

        Assert.Equal("unknown", (await client.NextGapAsync()).Reason);
    }

    [Fact]
    public async Task After_OfAnEarlierEpoch_IsToldAsAGapOnAWebSocket()
    {
        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 1);

        using var socket = await WebSocketTests.ConnectAsync(server, "topic=a&after=zzzzzzzz-7");
        var open = await WebSocketTests.NextAsync(socket);
        var gap = await WebSocketTests.NextAsync(socket);

        Assert.Contains("\"recovered\":false", open.Data!.ToString(), StringComparison.Ordinal);
        Assert.Equal("stream.gap", gap.Type);
        Assert.Contains("\"reason\":\"epoch\"", gap.Data!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongPollsLink_AfterARestartWithoutRedis_IsAGapAndGoesOn()
    {
        string link;
        await using (var before = await StreamsServer.StartAsync())
        {
            await before.PublishAsync("a", 1);
            (_, link) = await LongPollTests.PollAsync(before, "/events?topic=a&wait=0");
        }

        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 2);
        var (events, next) = await LongPollTests.PollAsync(server, link);
        var (rest, _) = await LongPollTests.PollAsync(server, next);

        Assert.Equal(["stream.gap", "test"], events.Select(e => e.GetProperty("type").GetString()));
        Assert.Empty(rest);
    }

    [Fact]
    public async Task LongPollsLink_OfAPollByAPolyfillsMember_MovesOn()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);
        var second = await server.PublishAsync("a", 2);

        var (_, next) = await LongPollTests.PollAsync(server, $"/events?topic=a&wait=0&lastEventId={first}");

        Assert.DoesNotContain("lastEventId", next, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"after={second}", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Earliest_LogThatForgotItsFirst_BeginsWithAllThatIsLeft()
    {
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Tail:Capacity"] = "16", ["Streams:Log:MaxEvents"] = "20" });
        for (var i = 1; i <= 100; i++)
            await server.PublishAsync("a", i);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", after: "earliest");

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(81, 20).Select(i => i.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(20));
        Assert.Equal(20, (await client.LiveAsync()).GetProperty("replayed").GetInt32());
    }

    [Fact]
    public async Task Earliest_EmptyLog_BeginsNow()
    {
        await using var server = await StreamsServer.StartAsync();

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", after: "earliest");
        await server.PublishAsync("a", 1);

        Assert.Equal("1", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Earliest_OnALongPollAndAWebSocket_BeginsWithTheFirst()
    {
        await using var server = await StreamsServer.StartAsync();
        for (var i = 1; i <= 3; i++)
            await server.PublishAsync("a", i);

        var (events, next) = await LongPollTests.PollAsync(server, "/events?topic=a&after=earliest&wait=0");
        using var socket = await WebSocketTests.ConnectAsync(server, "topic=a&after=earliest");
        await WebSocketTests.NextAsync(socket);

        Assert.Equal([1, 2, 3], events.Select(e => e.GetProperty("data").GetInt32()));
        Assert.DoesNotContain("earliest", next, StringComparison.Ordinal);
        Assert.Equal("1", (await WebSocketTests.NextAsync(socket)).Data!.ToString());
    }
}
