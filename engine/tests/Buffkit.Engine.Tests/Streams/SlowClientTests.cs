using Buffkit.Streams;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>What each policy does to a client whose network is held up, on a clock that stands still otherwise.</summary>
public sealed class SlowClientTests
{
    private static readonly TimeSpan PastPatience = DeliveryOptions.DefaultPatience + TimeSpan.FromMilliseconds(1);

    private const int TailCapacity = 512;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task CatchUp_StillBehindAfterItsPatience_GetsEverythingInOrder()
    {
        using var engine = Engine(DeliveryPolicy.CatchUp);
        var client = await SlowAsync(engine, PastPatience);
        var ids = client.Published;

        await client.ReadAllAsync(ids.Length);

        Assert.Equal(ids, client.Sink.Received);
        Assert.DoesNotContain(client.Sink.Sent, sent => sent.Type == EventType.Gap);
    }

    [Theory]
    [InlineData(DeliveryPolicy.Skip)]
    [InlineData(DeliveryPolicy.Conflate)]
    [InlineData(DeliveryPolicy.Disconnect)]
    public async Task Policy_BehindButWithinItsPatience_DoesNothing(DeliveryPolicy policy)
    {
        using var engine = Engine(policy);
        var client = await SlowAsync(engine, DeliveryOptions.DefaultPatience / 2);

        await client.ReadAllAsync(client.Published.Length);

        Assert.Equal(client.Published, client.Sink.Received);
        Assert.False(client.Connection.IsClosed);
    }

    [Theory]
    [InlineData(DeliveryPolicy.Skip)]
    [InlineData(DeliveryPolicy.Conflate)]
    [InlineData(DeliveryPolicy.Disconnect)]
    public async Task Policy_LittleWaitsAfterItsPatience_DoesNothing(DeliveryPolicy policy)
    {
        using var engine = Engine(policy);
        var client = await SlowAsync(engine, PastPatience, burst: 20, later: 5);

        await client.ReadAllAsync(client.Published.Length);

        Assert.Equal(client.Published, client.Sink.Received);
        Assert.False(client.Connection.IsClosed);
    }

    [Fact]
    public async Task Skip_StillBehindAfterItsPatience_JumpsToTheNewestAndSaysSo()
    {
        using var engine = Engine(DeliveryPolicy.Skip);
        var client = await SlowAsync(engine, PastPatience);

        await client.ReadToAsync(client.Published[^1]);

        var gap = Assert.Single(client.Sink.Sent, sent => sent.Type == EventType.Gap);
        var received = client.Sink.Received;
        // What was there when it fell behind, then the newest alone.
        Assert.Equal(client.Published[..client.WaitedAtFirst], received[..^1]);
        Assert.Equal(client.Published[^1], received[^1]);
        Assert.Equal($$"""{"after":"{{received[^2]}}","next":"{{received[^1]}}","reason":"limit"}""", gap.Data);
        Assert.Equal(client.Published.Length - received.Length, engine.Measured.Of(StreamsTelemetry.Dropped, "Skip"));
        Assert.Equal(1, engine.Measured.Of(StreamsTelemetry.Gaps, "limit"));
    }

    [Fact]
    public async Task Conflate_StillBehindAfterItsPatience_GetsTheNewestOfEachKeyAndAllWithoutOne()
    {
        using var engine = Engine(DeliveryPolicy.Conflate);
        var client = await SlowAsync(engine, PastPatience, key: i => i % 10 == 0 ? null : $"{i % 3}");

        await client.ReadToAsync(client.Published[^1]);
        await client.LeaveAsync();

        Assert.DoesNotContain(client.Sink.Sent, sent => sent.Type == EventType.Gap);
        var later = Enumerable.Range(client.WaitedAtFirst, client.Published.Length - client.WaitedAtFirst).ToArray();
        var kept = later.Where(i => client.Key(i) is not { } key || later.Last(other => client.Key(other) == key) == i);
        Assert.Equal([.. client.Published[..client.WaitedAtFirst], .. kept.Select(i => client.Published[i])], client.Sink.Received);
        Assert.Equal(client.Published.Length - client.Sink.Received.Length, engine.Measured.Of(StreamsTelemetry.Dropped, "Conflate"));
    }

    [Fact]
    public async Task Conflate_FurtherBehindThanTheTailReachesBack_GetsAllOfThatAndThenTheNewestOfEachKey()
    {
        using var engine = Engine(DeliveryPolicy.Conflate);
        var client = await SlowAsync(engine, PastPatience, later: TailCapacity + 200, key: i => i % 10 == 0 ? null : $"{i % 3}");

        client.Sink.Release();
        await Eventually.TrueAsync(
            () =>
            {
                // It rests between pages.
                _time.Advance(TimeSpan.FromMilliseconds(10));
                return client.Sink.Received.Contains(client.Published[^1]);
            },
            "the newest event to be read");
        await client.LeaveAsync();

        Assert.DoesNotContain(client.Sink.Sent, sent => sent.Type == EventType.Gap);
        var received = client.Sink.Received.Select(id => Array.IndexOf(client.Published, id)).ToArray();
        Assert.Equal(received.Order().Distinct(), received);
        var missing = Enumerable.Range(0, client.Published.Length).Except(received).ToArray();
        Assert.NotEmpty(missing);
        Assert.All(missing, i => Assert.Contains(received, other => other > i && client.Key(i) is { } key && client.Key(other) == key));
        // What lay behind the tail was not looked ahead in.
        Assert.All(missing, i => Assert.InRange(i, client.Published.Length - TailCapacity, client.Published.Length));
    }

    [Fact]
    public async Task Disconnect_StillBehindAfterItsPatience_IsClosedAsSlowAndTheCursorLeadsOn()
    {
        using var engine = Engine(DeliveryPolicy.Disconnect);
        var client = await SlowAsync(engine, PastPatience);

        client.Sink.Release();
        await client.EndedAsync();

        Assert.Equal(new Sent(EventType.Close, null, "slow"), client.Sink.Sent[^1]);
        Assert.True(client.Connection.IsSlow);
        Assert.Equal(client.Published[..client.WaitedAtFirst], client.Sink.Received);
        Assert.Equal(client.Published[client.WaitedAtFirst - 1], client.Connection.Cursor);
        Assert.Equal("policy=1", engine.Measured.All(StreamsTelemetry.ConnectionsEvicted));
        Assert.Equal("", engine.Measured.All(StreamsTelemetry.Dropped));
    }

    private DeliveryEngine Engine(DeliveryPolicy policy) => new(
        new StreamsOptions { Tail = { Capacity = TailCapacity }, Delivery = { Policy = policy, MaxPendingBytes = 4_096, MaxBatchBytes = 1_024 } }, _time);

    // The first event blocks the client, a burst is too much for its queue, and after a while more waits.
    private async Task<Slow> SlowAsync(DeliveryEngine engine, TimeSpan behind, int burst = 100, int later = 100, Func<int, string?>? key = null)
    {
        key ??= _ => null;
        var sink = new GatedSink();
        var client = engine.Connect(TopicFilter.Parse("a"), engine.Start, sink);
        Assert.True(client.Connection.IsLive);
        sink.Hold();
        var first = await engine.PublishAndFeedAsync("a", 1, key);
        await sink.BlockedAsync();
        var atOnce = await engine.PublishAndFeedAsync("a", burst, i => key(i + 1));
        Assert.False(client.Connection.IsLive);
        Assert.Equal(TailRead.Found, engine.Tail.Read(2, out var entry));
        await sink.StepAsync();
        _time.Advance(behind);
        var more = await engine.PublishAndFeedAsync("a", later, i => key(i + 1 + burst));
        // The first, and as many as the queue holds and one that was too much.
        return new Slow(client, [.. first, .. atOnce, .. more], 1 + (4_096 / entry.Size) + 1, key);
    }

    private sealed record Slow(DeliveryClient Client, EventId[] Published, int WaitedAtFirst, Func<int, string?> Key)
    {
        public Connection Connection => Client.Connection;

        public GatedSink Sink => Client.Sink;

        public async Task ReadAllAsync(int events)
        {
            Sink.Release();
            await Sink.WaitAsync(events);
            await LeaveAsync();
        }

        public async Task ReadToAsync(EventId last)
        {
            Sink.Release();
            await Eventually.TrueAsync(() => Sink.Received.Contains(last), "the newest event");
        }

        public Task LeaveAsync() => Client.LeaveAsync();

        public Task EndedAsync() => Client.EndedAsync();
    }
}
