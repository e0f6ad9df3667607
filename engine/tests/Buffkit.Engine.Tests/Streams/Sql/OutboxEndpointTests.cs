using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>What operators see of the outbox, and do with it.</summary>
public sealed class OutboxEndpointTests(PostgresServer postgres, MySqlServer mySql)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Outbox_EventsSetAside_AreListedReplayedAndDroppedByOperatorsAlone()
    {
        await using var tables = await EventTables.CreateAsync(EventTables.Sqlite, postgres, mySql);
        await tables.ExecuteAsync(
            "INSERT INTO event_outbox (added_at, topic, type, data, set_aside_at, reason) VALUES (0, 'a', 't', '\"secret\"', 1, 'why'), (0, 'b', 't', '2', 1, 'why')");
        await using var server = await SecuredServer.StartAsync(
            services: services => services.AddAuthorizationBuilder().AddPolicy("operators", policy => policy.RequireRole("operator")),
            app: app =>
            {
                app.UseAuthorization();
                app.MapEventOutbox("operators");
            },
            streams: streams => streams.AddOutbox(_ => tables.Source));
        var operatorsCall = TestAuthentication.As("ada", DateTimeOffset.MaxValue, "operator");

        using var stranger = await server.SendAsync(HttpMethod.Get, "outbox", []);
        using var watcher = await server.SendAsync(HttpMethod.Get, "outbox", [TestAuthentication.As("bob")]);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (stranger.StatusCode, watcher.StatusCode));

        using var list = await server.SendAsync(HttpMethod.Get, "outbox", [operatorsCall]);
        var text = await list.Content.ReadAsStringAsync(Stop);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        var content = JsonSerializer.Deserialize<JsonElement>(text);
        Assert.Equal(2, content.GetProperty("setAside").GetInt32());
        var ids = content.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("id").GetInt64()).ToArray();

        using var replay = await server.SendAsync(HttpMethod.Post, $"outbox/{ids[0]}/replay", [operatorsCall]);
        using var drop = await server.SendAsync(HttpMethod.Delete, $"outbox/{ids[1]}", [operatorsCall]);
        using var again = await server.SendAsync(HttpMethod.Delete, $"outbox/{ids[1]}", [operatorsCall]);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NotFound), (replay.StatusCode, drop.StatusCode, again.StatusCode));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the one was published, the other dropped");
    }
}
