using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

/// <summary>Who is on a topic, as clients see it.</summary>
public sealed class PresenceTests
{
    private static readonly Dictionary<string, string?> Rooms = new()
    {
        ["Streams:Presence:Topics:0"] = "rooms/*",
        ["Streams:Presence:Announce:0"] = "rooms/1",
    };

    [Fact]
    public async Task Subscriber_ComesAndGoes_IsListedAndAnnounced()
    {
        var time = new FakeTimeProvider();
        await using var server = await StreamsServer.StartAsync(Rooms, services => services.AddSingleton<TimeProvider>(time));
        await using var observer = await EventStreamClient.ConnectAsync(server.Address, "rooms/**");
        var member = await EventStreamClient.ConnectAsync(server.Address, "rooms/1");
        var session = member.Open.GetProperty("session").GetString();

        var join = await NextAsync(observer, time, TimeSpan.FromMilliseconds(10));
        Assert.Equal("presence.join", join.EventType);
        Assert.Equal(session, JsonSerializer.Deserialize<JsonElement>(join.Data).GetProperty("session").GetString());
        var list = await ListAsync(server, "rooms/1");
        Assert.Equal(1, list.GetProperty("count").GetInt32());
        Assert.Equal(session, Assert.Single(list.GetProperty("sessions").EnumerateArray()).GetString());

        await member.DisposeAsync();
        Assert.Equal("presence.leave", (await NextAsync(observer, time, PresenceOptions.DefaultGrace / 3)).EventType);
        Assert.Equal(0, (await ListAsync(server, "rooms/1")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Subscriber_ByWildcard_IsNotPresent()
    {
        await using var server = await StreamsServer.StartAsync(Rooms);
        await using var observer = await EventStreamClient.ConnectAsync(server.Address, "rooms/*");
        await using var member = await EventStreamClient.ConnectAsync(server.Address, "rooms/1");
        Assert.Equal("presence.join", (await observer.NextAsync()).EventType);
        Assert.Equal(1, (await ListAsync(server, "rooms/1")).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("rooms/*", HttpStatusCode.BadRequest)]
    [InlineData("elsewhere", HttpStatusCode.NotFound)]
    public async Task List_TopicThatIsNotKept_NamesIt(string topic, HttpStatusCode status)
    {
        await using var server = await StreamsServer.StartAsync(Rooms);
        using var response = await server.Http.GetAsync(
            new Uri($"events/presence?topic={Uri.EscapeDataString(topic)}", UriKind.Relative), TestContext.Current.CancellationToken);
        await SubscribeTests.AssertProblemAsync(response, status, "topic");
    }

    [Fact]
    public async Task Publisher_FeignsAJoin_IsRefusedWhereTheServerAnnouncesThem()
    {
        await using var server = await StreamsServer.StartAsync(Rooms);
        using var refused = await server.Http.PostAsJsonAsync(
            "events", new { topic = "rooms/1", type = "presence.join", data = new { session = "x" } }, TestContext.Current.CancellationToken);
        await SubscribeTests.AssertProblemAsync(refused, HttpStatusCode.BadRequest, "type");
        await server.PublishAsync("rooms/2", 1, "presence.join");
    }

    [Fact]
    public async Task Announcement_LargerThanEventsMayBe_IsGivenUpAndTheServerGoesOn()
    {
        await using var server = await StreamsServer.StartAsync(new(Rooms) { ["Streams:Limits:EventBytes"] = "16" });
        await using var first = await EventStreamClient.ConnectAsync(server.Address, "rooms/1");
        await IsListedAsync(1);
        // Kept by whoever failed to announce the first.
        await using var second = await EventStreamClient.ConnectAsync(server.Address, "rooms/1");
        await IsListedAsync(2);
        await server.PublishAsync("rooms/1", 1);
        Assert.Equal("1", (await second.NextAsync()).Data);

        Task IsListedAsync(int count) => Eventually.TrueAsync(
            async () => (await ListAsync(server, "rooms/1")).GetProperty("count").GetInt32() == count, $"{count} present");
    }

    [Fact]
    public async Task Session_OnMoreTopicsThanItMayBe_IsOnTheFirstOfThem()
    {
        await using var server = await StreamsServer.StartAsync(new(Rooms) { ["Streams:Presence:TopicsPerSession"] = "2" });
        await using var member = await EventStreamClient.ConnectAsync(server.Address, "rooms/a", more: "&topic=rooms/b&topic=rooms/c");
        var token = ("Session-Token", member.Headers["Session-Token"]);
        await Eventually.TrueAsync(async () => await CountAsync(server, "rooms/b") == 1, "the member");
        Assert.Equal((1, 1, 0), (await CountAsync(server, "rooms/a"), await CountAsync(server, "rooms/b"), await CountAsync(server, "rooms/c")));

        // Another of its streams on the same topic is no more.
        await using (var same = await EventStreamClient.ConnectAsync(server.Address, "rooms/b", more: "&topic=rooms/d", headers: token))
            Assert.Equal(0, await CountAsync(server, "rooms/d"));
        await member.DisposeAsync();
        var members = server.Services.GetRequiredService<ConnectionSet>();
        await Eventually.TrueAsync(() => members.Count == 0, "the streams to end");
        await using var later = await EventStreamClient.ConnectAsync(server.Address, "rooms/d", headers: token);
        await Eventually.TrueAsync(async () => await CountAsync(server, "rooms/d") == 1, "room for another topic");
    }

    [Theory]
    [InlineData("AnnouncementsPerMinute")]
    [InlineData("AnnouncementsPerMinutePerAddress")]
    public async Task Joins_FasterThanTheyMayBe_WaitAndOthersAreAnnounced(string setting)
    {
        await using var server = await SecuredServer.StartAsync(new()
        {
            ["Streams:Presence:Topics:0"] = "public/**", ["Streams:Presence:Announce:0"] = "public/**", [$"Streams:Presence:{setting}"] = "3",
        });
        await using var observer = await EventStreamClient.ConnectAsync(server.Address, "public/**");

        await using var stranger = await EventStreamClient.ConnectAsync(
            server.Address, "public/0", more: string.Concat(Enumerable.Range(1, 15).Select(n => $"&topic=public/{n}")));
        await using var member = await EventStreamClient.ConnectAsync(server.Address, "public/x", headers: TestAuthentication.As("ada"));
        var joins = new List<string>();
        while (!joins.Contains(member.Session()))
            joins.Add(JsonSerializer.Deserialize<JsonElement>((await observer.NextAsync()).Data).GetProperty("session").GetString()!);

        Assert.Equal([stranger.Session(), stranger.Session(), stranger.Session(), member.Session()], joins);
    }

    [Fact]
    public async Task Options_NotAFilter_StopTheStart() =>
        await Assert.ThrowsAsync<OptionsValidationException>(
            () => StreamsServer.StartAsync(new() { ["Streams:Presence:Topics:0"] = "a b" }));

    private static async Task<SseItem<string>> NextAsync(EventStreamClient client, FakeTimeProvider time, TimeSpan step)
    {
        var next = client.NextAsync();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(step);
                return next.IsCompleted;
            },
            "the next event");
        return await next;
    }

    private static async Task<int> CountAsync(StreamsServer server, string topic) => (await ListAsync(server, topic)).GetProperty("count").GetInt32();

    private static Task<JsonElement> ListAsync(StreamsServer server, string topic) =>
        server.Http.GetFromJsonAsync<JsonElement>($"events/presence?topic={topic}", TestContext.Current.CancellationToken);
}
