using System.Net;
using System.Text;

namespace Buffkit.Tests;

/// <summary>Who may not is answered alike, whatever is configured: authorization comes first.</summary>
public sealed class DisclosureTests
{
    private const string Topic = "orders/1";

    private static readonly Dictionary<string, string?> Configured = new()
    {
        ["Streams:Presence:Topics:0"] = "orders/*",
        ["Streams:Presence:Announce:0"] = "orders/*",
        ["Streams:Html:Topics:0"] = "orders/*",
        ["Streams:Encryption:Topics:0"] = "orders/*",
        ["Streams:Encryption:KeyFile"] = Path.Combine(Path.GetTempPath(), $"keys-{Guid.NewGuid():N}.json"),
    };

    public static TheoryData<string, string, string?, string?> Questions => new()
    {
        { "POST", "events", "application/json", $$"""{"topic":"{{Topic}}","type":"presence.join","data":1}""" },
        { "POST", "events", "application/json", $$"""[{"topic":"{{Topic}}","type":"presence.leave","data":1}]""" },
        { "POST", "events", "application/cloudevents+json", $$"""{"specversion":"1.0","id":"1","source":"/a","type":"presence.join","subject":"{{Topic}}","data":1}""" },
        { "POST", $"events?topic={Topic}&type=presence.join", "text/plain", "x" },
        { "POST", $"events?topic={Topic}&type=t", "text/html", "<b>x</b>" },
        { "POST", "events", "application/json", $$"""{"topic":"{{Topic}}","type":"t","data":1}""" },
        { "GET", $"events/presence?topic={Topic}", null, null },
        { "GET", $"events/keys?topic={Topic}", null, null },
    };

    [Fact]
    public async Task Latest_OfAResumedStream_SaysNothingOfOtherTopics()
    {
        await using var server = await SecuredServer.StartAsync();
        var cursor = await server.PublishFromCodeAsync("public/a", "1");
        for (var i = 0; i < 20; i++)
            await server.PublishFromCodeAsync("orders/1", "not the stranger's");

        await using var nothingNew = await EventStreamClient.ConnectAsync(server.Address, "public/a", lastEventId: cursor);
        var newest = await server.PublishFromCodeAsync("public/a", "2");
        await server.PublishFromCodeAsync("orders/1", "not the stranger's");
        // The tail is a moment behind the log; once one was served, all are.
        Assert.Equal("2", (await nothingNew.NextAsync()).Data);
        await using var oneWaits = await EventStreamClient.ConnectAsync(server.Address, "public/a", lastEventId: cursor);
        await oneWaits.NextAsync();

        Assert.Equal(cursor, nothingNew.Open.GetProperty("latest").GetString());
        Assert.Equal(cursor, (await nothingNew.LiveAsync()).GetProperty("latest").GetString());
        Assert.Equal(cursor, oneWaits.Open.GetProperty("latest").GetString());
        Assert.Equal(newest, (await oneWaits.LiveAsync()).GetProperty("latest").GetString());
        Assert.Equal(cursor.Split('-')[0], oneWaits.Open.GetProperty("epoch").GetString());
    }

    [Fact]
    public async Task Latest_OfWhoAsksForEverything_IsTheEndOfTheLog()
    {
        await using var server = await StreamsServer.StartAsync();
        var cursor = await server.PublishFromCodeAsync("a", "1");
        var end = await server.PublishFromCodeAsync("b", "2");

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", lastEventId: cursor);

        Assert.Equal(end, client.Open.GetProperty("latest").GetString());
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task Question_OfWhoMayNot_IsAnsweredAlikeWhateverIsConfigured(string method, string path, string? mediaType, string? body)
    {
        await using var plain = await SecuredServer.StartAsync();
        await using var configured = await SecuredServer.StartAsync(new(Configured));

        foreach (var who in ((string, string)[][])[[], [TestAuthentication.As("ada")]])
        {
            var one = await AskAsync(plain, who);
            var other = await AskAsync(configured, who);

            Assert.Equal(one, other);
            Assert.Equal(who.Length == 0 ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden, one.Status);
        }

        async Task<(HttpStatusCode Status, string Body)> AskAsync(StreamsServer server, (string, string)[] who)
        {
            using var content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new(mediaType!) } };
            using var response = await server.SendAsync(new HttpMethod(method), path, [.. who, ("Idempotency-Key", "k")], content);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            // Each request's own.
            return (response.StatusCode, System.Text.RegularExpressions.Regex.Replace(text, "\"traceId\":\"[^\"]*\"", ""));
        }
    }
}
