using System.Globalization;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>A cursor behind the log is answered from the history, where there is one that reaches back.</summary>
public sealed class HistoryTests
{
    private static readonly Dictionary<string, string?> SmallLog = new() { ["Streams:Tail:Capacity"] = "16", ["Streams:Log:MaxEvents"] = "16" };

    [Fact]
    public async Task Open_CursorBehindTheLog_RecoversFromTheHistoryThenTheLogThenLive()
    {
        var history = new RecordedHistory();
        await using var server = await StreamsServer.StartAsync(SmallLog, services => services.AddSingleton<IEventHistory>(history));
        var first = await PublishAsync(server, history, 0, 1);
        await PublishAsync(server, history, 1, 500);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first.ToString());
        await server.PublishAsync("a", 501);

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(1, 501).Select(n => n.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(501));
    }

    [Fact]
    public async Task Open_CursorOfAnEarlierEpoch_RecoversAcrossTheRestart()
    {
        var history = new RecordedHistory();
        EventId first;
        await using (var before = await StreamsServer.StartAsync(SmallLog))
        {
            first = await PublishAsync(before, history, 0, 1);
            await PublishAsync(before, history, 1, 40);
        }

        await using var server = await StreamsServer.StartAsync(SmallLog, services => services.AddSingleton<IEventHistory>(history));
        await PublishAsync(server, history, 41, 3);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first.ToString());

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(1, 43).Select(n => n.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(43));
    }

    [Fact]
    public async Task Open_HistoryDoesNotReachBack_TellsTheGap()
    {
        var history = new RecordedHistory();
        await using var server = await StreamsServer.StartAsync(SmallLog, services => services.AddSingleton<IEventHistory>(history));
        var first = await PublishAsync(server, new RecordedHistory(), 0, 1);
        await PublishAsync(server, history, 1, 50);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: (first with { Sequence = 0 }).ToString());

        Assert.False(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("evicted", (await client.NextGapAsync()).Reason);
    }

    [Fact]
    public async Task Open_HistoryHasAHoleBehindTheCursor_TellsTheGapOnceAndGoesOnAhead()
    {
        var history = new HoledHistory();
        await using var server = await StreamsServer.StartAsync(SmallLog, services => services.AddSingleton<IEventHistory>(history));
        var cursor = await PublishAsync(server, new RecordedHistory(), 0, 1);
        await PublishAsync(server, new RecordedHistory(), 1, 50);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: cursor.ToString());

        var gap = await client.NextGapAsync();
        Assert.True(EventId.TryParse(gap.Next, out var next));
        Assert.Equal(36, next.Sequence);
        Assert.Equal(Enumerable.Range(35, 16).Select(n => n.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(16));
    }

    private static async Task<EventId> PublishAsync(StreamsServer server, RecordedHistory history, int from, int count)
    {
        EventId id = default;
        for (var n = from; n < from + count; n++)
        {
            var draft = EventDraft.Json(Topic.Parse("a"), "t", n);
            id = await server.Publisher.PublishAsync(draft, TestContext.Current.CancellationToken);
            history.Events.Add(new StreamEvent(id, DateTimeOffset.UnixEpoch, draft));
        }

        // A cursor that the log has let go may still be in a tail that is a moment behind.
        var tail = server.Services.GetRequiredService<EventTail>();
        await Eventually.TrueAsync(() => tail.HasReached(id), "the tail has the events");
        return id;
    }

    /// <summary>One that holds what is before a cursor and what is right before the log, and nothing between.</summary>
    private sealed class HoledHistory : IEventHistory
    {
        public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new LogRead(LogReadStatus.Evicted, [], new LogState(after.Next, after)));

        public ValueTask<EventId?> FindOldestAsync(EventId before, CancellationToken cancellationToken) =>
            ValueTask.FromResult<EventId?>(before with { Sequence = 1 });
    }

    /// <summary>Every event ever, in the order of their publishing.</summary>
    private sealed class RecordedHistory : IEventHistory
    {
        public List<StreamEvent> Events { get; } = [];

        public ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
        {
            var at = Events.FindIndex(e => e.Id == after);
            var state = new LogState(Events[0].Id, Events[^1].Id);
            return ValueTask.FromResult(at < 0
                ? new LogRead(LogReadStatus.Evicted, [], state)
                : new LogRead(LogReadStatus.Found, [.. Events.Skip(at + 1).Take(maxEvents)], state));
        }
    }
}
