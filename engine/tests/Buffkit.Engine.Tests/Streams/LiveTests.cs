using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary><c>stream.live</c>: once per stream, when the client has all that there was when it began.</summary>
public sealed class LiveTests
{
    private static readonly StreamsOptions SmallBatches = new() { Delivery = { MaxBatchBytes = 1_024 } };

    [Fact]
    public async Task Live_NothingToReplay_ComesAtOnceAndNeverAgain()
    {
        using var engine = new DeliveryEngine(new StreamsOptions());
        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start);

        var ids = await engine.PublishAndFeedAsync("a", 3);
        await client.Sink.WaitAsync(3);
        await client.LeaveAsync();

        Assert.Equal([EventType.Live, "t", "t", "t"], client.Sink.Sent.Select(sent => sent.Type));
        Assert.Equal(new Sent(EventType.Live, null, $"0 {engine.Start}"), client.Sink.Sent[0]);
        Assert.Equal(ids, client.Sink.Received);
    }

    [Fact]
    public async Task Live_EventsOfOthersAfterTheCursor_CountsAndNamesOnlyItsOwn()
    {
        using var engine = new DeliveryEngine(new StreamsOptions());
        var mine = await engine.PublishAndFeedAsync("a", 2);
        await engine.PublishAndFeedAsync("b", 5);

        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start);
        await client.LeaveAsync();

        Assert.Equal(new Sent(EventType.Live, null, $"2 {mine[^1]}"), client.Sink.Sent[^1]);
    }

    [Fact]
    public async Task Live_EventsKeepComingWhileItReplays_ComesAfterThoseThatWereThereAtFirst()
    {
        using var engine = new DeliveryEngine(SmallBatches);
        var before = await engine.PublishAndFeedAsync("a", 20);
        var sink = new GatedSink();
        sink.Hold();
        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start, sink);
        await sink.BlockedAsync();
        await engine.PublishAndFeedAsync("a", 20);

        sink.Release();
        await sink.WaitAsync(40);
        await client.LeaveAsync();

        Assert.Equal(new Sent(EventType.Live, null, $"20 {before[^1]}"), sink.Sent[20]);
    }

    [Fact]
    public async Task Live_CursorBehindTail_CountsWhatTheLogReplaysToo()
    {
        using var engine = new DeliveryEngine(new StreamsOptions { Tail = { Capacity = 16 } });
        var ids = await engine.PublishAndFeedAsync("a", 300);

        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start);
        await client.Sink.WaitAsync(300);
        await client.LeaveAsync();

        Assert.Equal(new Sent(EventType.Live, null, $"300 {ids[^1]}"), client.Sink.Sent[^1]);
    }

    [Fact]
    public async Task Drain_InTheMiddleOfAReplay_DeliversAllOfItThenLiveThenTheLastWord()
    {
        using var engine = new DeliveryEngine(SmallBatches);
        var ids = await engine.PublishAndFeedAsync("a", 50);
        var sink = new GatedSink();
        sink.Hold();
        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start, sink);
        await sink.BlockedAsync();

        client.Connection.RequestClose(new StreamClose(CloseReason.Drain, TimeSpan.Zero));
        sink.Release();
        await client.EndedAsync();

        Assert.Equal(ids, sink.Received);
        Assert.Equal([EventType.Live, EventType.Close], sink.Sent[^2..].Select(sent => sent.Type));
    }

    [Fact]
    public async Task Rotate_InTheMiddleOfAReplay_EndsWithoutLive()
    {
        using var engine = new DeliveryEngine(SmallBatches);
        await engine.PublishAndFeedAsync("a", 50);
        var sink = new GatedSink();
        sink.Hold();
        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start, sink);
        await sink.BlockedAsync();

        client.Connection.RequestClose(new StreamClose(CloseReason.Rotate, TimeSpan.Zero));
        sink.Release();
        await client.EndedAsync();

        Assert.Equal("rotate", sink.Sent[^1].Data);
        Assert.DoesNotContain(sink.Sent, sent => sent.Type == EventType.Live);
    }

    [Fact]
    public async Task Live_OnAnEventStream_HasNoIdAndLeavesTheClientsLastIdWhereItIs()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first);
        await client.LiveAsync();

        Assert.Equal(first, client.LastEventId);
    }

    [Fact]
    public async Task Live_AfterAGap_ComesAfterWhatFollowsTheGap()
    {
        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 1);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: "zzzzzzzz-7");

        Assert.Equal("epoch", (await client.NextGapAsync()).Reason);
        Assert.Equal("1", (await client.NextAsync()).Data);
        Assert.Equal(1, (await client.LiveAsync()).GetProperty("replayed").GetInt32());
    }
}
