using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>Who is on a topic, over all nodes, when one of them dies.</summary>
public sealed class PresenceOverNodesTests(RedisServer redis)
{
    [Fact]
    public async Task Node_KilledHard_ItsSessionsLeaveAndTheOthersStay()
    {
        await using var nodes = await ApiNodes.StartAsync(2, await redis.StartAsync(), new()
        {
            ["Streams__Presence__Topics__0"] = "rooms/*",
            ["Streams__Presence__Announce__0"] = "rooms/*",
            ["Streams__Presence__Grace"] = "00:00:02",
        });
        await using var observer = await EventStreamClient.ConnectAsync(nodes[1].Address, "rooms/**");
        await using var dying = await EventStreamClient.ConnectAsync(nodes[0].Address, "rooms/1");
        await using var staying = await EventStreamClient.ConnectAsync(nodes[1].Address, "rooms/1");

        Assert.Equal(["presence.join", "presence.join"], [(await observer.NextAsync()).EventType, (await observer.NextAsync()).EventType]);
        Assert.Equal(2, (await ListAsync(nodes[1])).GetProperty("count").GetInt32());

        await nodes[0].KillAsync();
        var leave = await observer.NextAsync();
        Assert.Equal("presence.leave", leave.EventType);
        Assert.Equal(Session(dying), JsonSerializer.Deserialize<JsonElement>(leave.Data).GetProperty("session").GetString());
        Assert.Equal([Session(staying)], (await ListAsync(nodes[1])).GetProperty("sessions").EnumerateArray().Select(s => s.GetString()));
    }

    private static string? Session(EventStreamClient client) => client.Open.GetProperty("session").GetString();

    private static Task<JsonElement> ListAsync(ApiProcess node) =>
        node.Http.GetFromJsonAsync<JsonElement>("events/presence?topic=rooms/1", TestContext.Current.CancellationToken);
}
