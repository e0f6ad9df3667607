using System.Net;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>How a subscriber is answered: in which form, and in which words where it is not let in.</summary>
public sealed class NegotiationTests
{
    private const string Stream = "text/event-stream";
    private const string Batch = "application/cloudevents-batch+json";

    [Theory]
    [InlineData("application/cloudevents-batch+json, text/event-stream;q=0.5", Batch)]
    [InlineData("text/event-stream;q=0.5, application/cloudevents-batch+json;q=0.4", Stream)]
    [InlineData("text/event-stream, application/cloudevents-batch+json", Stream)]
    [InlineData("application/cloudevents-batch+json, */*", Batch)]
    [InlineData("application/cloudevents-batch+json;q=0.5, */*;q=0.1", Batch)]
    [InlineData("text/event-stream;q=0, */*", Batch)]
    [InlineData("application/*", Batch)]
    [InlineData("text/*", Stream)]
    [InlineData("*/*", Stream)]
    [InlineData("application/json, text/plain, */*", Stream)]
    public async Task Accept_SeveralTypes_IsAnsweredWithTheOneThatIsLikedBest(string accept, string expected)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Get, "events?topic=a&wait=0", [("Accept", accept)]);

        Assert.Equal((HttpStatusCode.OK, expected), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("text/event-stream;q=0")]
    [InlineData("text/event-stream;q=0, application/cloudevents-batch+json;q=0, */*")]
    [InlineData("image/png")]
    public async Task Accept_NothingThatIsServed_Is406(string accept)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Get, "events?topic=a&wait=0", [("Accept", accept)]);

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
    }

    [Fact]
    public async Task Limit_ClientThatAsksForAnEventStreamAlone_IsToldInTheStream()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:Connections"] = "1" });
        await using var first = await EventStreamClient.ConnectAsync(server.Address, "a");

        using var exact = await server.SendAsync(HttpMethod.Get, "events?topic=a", [("Accept", Stream)]);
        using var any = await server.SendAsync(HttpMethod.Get, "events?topic=a", [("Accept", "text/event-stream, */*")]);
        using var poll = await server.SendAsync(HttpMethod.Get, "events?topic=a", [("Accept", Batch), .. SecuredServer.Browser]);
        var (reason, retry) = await LastWordAsync(exact);

        Assert.Equal("limit", reason);
        Assert.True(retry >= TimeSpan.FromSeconds(5), $"{retry}");
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (any.StatusCode, poll.StatusCode));
    }

    [Fact]
    public async Task Topic_CallerMayNot_IsToldInTheStreamOrByItsStatus()
    {
        await using var server = await SecuredServer.StartAsync();
        const string Path = "events?topic=user/bob/a";

        using var browser = await server.SendAsync(HttpMethod.Get, Path, SecuredServer.Browser);
        using var exact = await server.SendAsync(HttpMethod.Get, Path, [("Accept", Stream), TestAuthentication.As("ada")]);
        var nobody = await server.SubscribeStatusAsync("user/bob/a");
        var ada = await server.SubscribeStatusAsync("user/bob/a", TestAuthentication.As("ada"));
        var poll = await server.SubscribeStatusAsync("user/bob/a", [("Accept", Batch), .. SecuredServer.Browser]);
        var unauthenticated = await LastWordAsync(browser);
        var forbidden = await LastWordAsync(exact);

        Assert.Equal(("unauthenticated", "forbidden"), (unauthenticated.Reason, forbidden.Reason));
        Assert.InRange(unauthenticated.Retry, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.InRange(forbidden.Retry, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.Equal((401, 403, 401), (nobody, ada, poll));
        Assert.False(browser.Headers.Contains("WWW-Authenticate"), "A browser would ask its user for a password.");
    }

    [Theory]
    [InlineData("events?topic=public/a", "*/*", HttpStatusCode.OK, Stream)]
    [InlineData("events?topic=public/a", Batch, HttpStatusCode.OK, Batch)]
    [InlineData("events?topic=user/bob/a", "*/*", HttpStatusCode.Unauthorized, "application/problem+json")]
    [InlineData("events?topic=", "*/*", HttpStatusCode.BadRequest, "application/problem+json")]
    [InlineData("events?topic=public/a", "image/png", HttpStatusCode.NotAcceptable, "application/problem+json")]
    public async Task Head_AsGetWouldBeAnswered_WithoutAStream(string path, string accept, HttpStatusCode status, string contentType)
    {
        await using var server = await SecuredServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Head, path, [("Accept", accept)]);

        Assert.Equal((status, contentType), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, server.Services.GetRequiredService<ConnectionLimits>().Open);
    }

    [Fact]
    public async Task Head_OfAStream_HasTheHeadersOfGet()
    {
        await using var server = await StreamsServer.StartAsync();

        using var head = await server.SendAsync(HttpMethod.Head, "events?topic=a", [("Accept-Encoding", "gzip")]);
        using var get = await server.SendAsync(HttpMethod.Get, "events?topic=a", [("Accept-Encoding", "gzip")]);

        foreach (var name in (string[])["Cache-Control", "X-Accel-Buffering", "Vary"])
            Assert.Equal(get.Headers.GetValues(name), head.Headers.GetValues(name));
        Assert.Equal(get.Content.Headers.ContentEncoding, head.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Options_WithoutCors_SaysWhatIsAllowed()
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Options, "events", []);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(["GET", "HEAD", "OPTIONS", "POST"], response.Content.Headers.Allow.Order(StringComparer.Ordinal));
    }

    private static async Task<(string? Reason, TimeSpan Retry)> LastWordAsync(HttpResponseMessage response)
    {
        Assert.Equal((HttpStatusCode.OK, Stream), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var lines = text.Split('\n');
        Assert.Equal("event: stream.close", lines[1]);
        var data = JsonSerializer.Deserialize<JsonElement>(lines[2]["data: ".Length..]);
        Assert.Equal($"retry: {data.GetProperty("retryMs").GetInt64()}", lines[0]);
        return (data.GetProperty("reason").GetString(), TimeSpan.FromMilliseconds(data.GetProperty("retryMs").GetInt64()));
    }
}
