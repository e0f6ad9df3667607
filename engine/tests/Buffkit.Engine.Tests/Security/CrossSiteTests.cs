using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>A page of another site, as its browser would speak for it.</summary>
public sealed class CrossSiteTests
{
    private static readonly (string Name, string Value)[] Upgrade =
    [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Sec-Fetch-Site", "garbage", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 200)]
    [InlineData("Sec-Fetch-Site", "none", 200)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "", 403)]
    [InlineData("Origin", "http://localhost.evil.example", 403)]
    [InlineData("X-Nothing", "", 200)]
    public async Task Stream_RequestedByAPage_IsForOwnPagesOnly(string header, string value, int status)
    {
        await using var server = await StreamsServer.StartAsync();

        Assert.Equal(status, await server.SubscribeStatusAsync("a", (header, value), ("Cookie", "event-session=x")));
        await using var poll = await RawConnection.GetAsync(
            server.Address, "/events?topic=a&wait=0", [(header, value), ("Accept", "application/cloudevents-batch+json")]);
        Assert.Equal(status, poll.Status);
        await using var socket = await RawConnection.GetAsync(server.Address, "/events/ws?topic=a", [(header, value), .. Upgrade]);
        Assert.Equal(status == 200 ? 101 : status, socket.Status);
        using var publish = await server.PublishAsync("a", [(header, value)]);
        Assert.Equal(status == 200 ? 202 : status, (int)publish.StatusCode);
        using var session = await server.SendAsync(HttpMethod.Delete, "events/session", [(header, value)]);
        Assert.Equal(status == 200 ? 204 : status, (int)session.StatusCode);
    }

    [Fact]
    public async Task Origin_OfTheServerItself_IsItsOwnPageOverPlainHttp()
    {
        await using var server = await StreamsServer.StartAsync();

        Assert.Equal(200, await server.SubscribeStatusAsync("a", ("Origin", $"http://{server.Address.Authority}")));
        // A proxy may end TLS in front.
        Assert.Equal(200, await server.SubscribeStatusAsync("a", ("Origin", $"https://{server.Address.Authority}")));
        Assert.Equal(403, await server.SubscribeStatusAsync("a", ("Origin", $"http://{server.Address.Host}:1")));
    }

    [Fact]
    public async Task Form_PostedByAnotherSite_PublishesNothing()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        using var form = new StringContent("""{"topic":"a","type":"t","data":"forged"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain"));

        using var response = await server.SendAsync(
            HttpMethod.Post, "events?topic=a&type=t", [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], form);
        await server.PublishAsync("a", "real");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("real", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Origin_OnTheList_IsLetInAndMayRead()
    {
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Cors:Origins:0"] = "https://shop.example" }, app: app => app.UseCors());

        await using var allowed = await RawConnection.GetAsync(
            server.Address, "/events?topic=a", [("Origin", "https://shop.example"), ("Sec-Fetch-Site", "cross-site")]);
        await using var other = await RawConnection.GetAsync(
            server.Address, "/events?topic=a", [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")]);
        using var preflight = await server.SendAsync(HttpMethod.Options, "events",
        [
            ("Origin", "https://shop.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "session-token"),
        ]);

        Assert.Equal((200, 403), (allowed.Status, other.Status));
        Assert.Equal("https://shop.example", allowed.Headers["Access-Control-Allow-Origin"]);
        Assert.Equal("true", allowed.Headers["Access-Control-Allow-Credentials"]);
        // A SameSite=Lax cookie would never come back from there.
        Assert.Contains(TokenHeader, allowed.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Contains("Event-Cursor", allowed.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal);
        Assert.Contains(TokenHeader, allowed.Headers.Keys);
        Assert.DoesNotContain("Access-Control-Allow-Origin", other.Headers.Keys);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("https://shop.example", preflight.Headers.GetValues("Access-Control-Allow-Origin").Single());
        // An hour, or each call would bring a preflight along.
        Assert.Equal("3600", preflight.Headers.GetValues("Access-Control-Max-Age").Single());
    }

    [Theory]
    [InlineData("https://shop.example/")]
    [InlineData("*")]
    [InlineData("shop.example")]
    public async Task Origin_NotWellFormed_StopsTheStart(string origin)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StreamsServer.StartAsync(new() { ["Streams:Cors:Origins:0"] = origin }));

        Assert.Contains("Streams:Cors:Origins", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequireOwnPages_OnTheApplicationsEndpoints_RefusesBeforeTheyRun()
    {
        var ran = false;
        await using var server = await StreamsServer.StartAsync(app: app => app.MapPost("/own", () =>
        {
            ran = true;
            return Results.Ok();
        }).RequireOwnPages());

        using var response = await server.SendAsync(HttpMethod.Post, "own", [("Sec-Fetch-Site", "cross-site")]);

        Assert.Equal((HttpStatusCode.Forbidden, false), (response.StatusCode, ran));
    }
}
