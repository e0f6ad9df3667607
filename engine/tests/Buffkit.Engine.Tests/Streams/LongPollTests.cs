using System.Net;
using System.Security.Claims;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

public sealed class LongPollTests
{
    [Fact]
    public async Task Poll_EventsWait_AnswersAtOnceWithABatchAndTheNextCursor()
    {
        await using var server = await StreamsServer.StartAsync();
        var first = await server.PublishAsync("a", 1);
        var second = await server.PublishAsync("a", 2);
        await server.PublishAsync("b", 3);

        var (events, next) = await PollAsync(server, $"/events?topic=a&after={first}&wait=30");

        Assert.Equal([second], events.Select(e => e.GetProperty("id").GetString()));
        Assert.StartsWith("/events?", next, StringComparison.Ordinal);
        Assert.Contains("topic=a", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_FollowedByItsLinks_GetsEveryEventOnce()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Delivery:MaxBatchBytes"] = "2048" });
        var cursor = await server.PublishAsync("other", 0);
        for (var i = 1; i <= 200; i++)
            await server.PublishAsync("a", i);

        var seen = new List<int>();
        var next = $"/events?topic=a&after={cursor}&wait=0";
        while (seen.Count < 200)
        {
            (var events, next) = await PollAsync(server, next);
            Assert.NotEmpty(events);
            seen.AddRange(events.Select(e => e.GetProperty("data").GetInt32()));
        }

        Assert.Equal(Enumerable.Range(1, 200), seen);
        Assert.Empty((await PollAsync(server, next)).Events);
    }

    [Theory]
    [InlineData("public/a", null, true)]
    [InlineData("public/a", "Cookie", false)]
    [InlineData("public/a", "Authorization", false)]
    [InlineData("public/a", "Last-Event-ID", false)]
    [InlineData("user/ada", null, false)]
    public async Task Poll_FullPage_MayBeCachedWhereTheTopicIsOpenToAllAndNobodyIsKnown(string topic, string? header, bool isShared)
    {
        // Known by something else than a header, such as a certificate.
        var ada = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "ada")], "Certificate", "sub", "role"));
        await using var server = await SecuredServer.StartAsync(
            new() { ["Streams:Delivery:MaxBatchBytes"] = "2048" },
            app: app => app.Use((http, next) =>
            {
                http.User = ada;
                return next(http);
            }));
        var cursor = await server.Publisher.PublishAsync("other", "t", 0, cancellationToken: TestContext.Current.CancellationToken);
        for (var i = 1; i <= 100; i++)
            await server.Publisher.PublishAsync(topic, "t", i, cancellationToken: TestContext.Current.CancellationToken);

        using var page = await GetAsync();
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal((isShared, !isShared, isShared), (page.Headers.CacheControl!.Public, page.Headers.CacheControl.NoStore, page.Headers.ETag is not null));
        if (!isShared)
            return;
        Assert.False(page.Headers.Contains("Set-Cookie") || page.Headers.Contains(SecuredServer.TokenHeader));
        using var again = await GetAsync(page.Headers.ETag!.Tag);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);

        async Task<HttpResponseMessage> GetAsync(string? tag = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/events?topic={topic}&after={cursor}&wait=0");
            request.Headers.Accept.ParseAdd("application/cloudevents-batch+json");
            if (header is not null)
                request.Headers.TryAddWithoutValidation(header, header is "Last-Event-ID" ? cursor.ToString() : "x=y");
            if (tag is not null)
                request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Poll_PageThatIsNotFull_IsNotCached()
    {
        await using var server = await StreamsServer.StartAsync();
        var cursor = await server.PublishAsync("a", 0);
        await server.PublishAsync("a", 1);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/events?topic=a&after={cursor}&wait=0");
        request.Headers.Accept.ParseAdd("application/cloudevents-batch+json");
        using var page = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.True(page.Headers.CacheControl!.NoStore);
        Assert.Null(page.Headers.ETag);
    }

    [Fact]
    public async Task Poll_NothingYet_WaitsForTheFirstEvent()
    {
        await using var server = await StreamsServer.StartAsync();
        var cursor = await server.PublishAsync("a", 0);

        var polling = PollAsync(server, $"/events?topic=a&after={cursor}&wait=30");
        await server.PublishAsync("a", 1);

        Assert.Equal(1, Assert.Single((await polling).Events).GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Poll_TimeOver_AnswersEmptyAndMovesTheCursorPastWhatIsNotForIt()
    {
        var time = new FakeTimeProvider();
        await using var server = await StreamsServer.StartAsync(services: services => services.AddSingleton<TimeProvider>(time));
        var cursor = await server.PublishAsync("a", 0);
        var other = await server.PublishAsync("b", 1);

        var (events, next) = await PollAsync(server, $"/events?topic=a&after={cursor}&wait=0");

        Assert.Empty(events);
        Assert.Contains($"after={other}", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_BehindTheTailWhileTheLogIsAway_LeadsNoFurtherAndLosesNothing()
    {
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), 1) { Rate = 0 };
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Tail:Capacity"] = "16" }, services => services.AddSingleton<IEventLog>(log));
        var first = await server.PublishAsync("a", 0);
        for (var n = 1; n <= 100; n++)
            await server.PublishAsync("a", n);
        log.Away = true;

        var (none, again) = await PollAsync(server, $"/events?topic=a&after={first}&wait=1");
        Assert.Empty(none);
        Assert.Contains($"after={first}", again, StringComparison.Ordinal);

        // One that waits is answered as soon as the log is back.
        var waiting = PollAsync(server, again.Replace("wait=1", "wait=30", StringComparison.Ordinal));
        log.Away = false;
        var numbers = new List<int>();
        for (var (events, next) = await waiting; events.Length > 0; (events, next) = await PollAsync(server, next))
            numbers.AddRange(events.Select(e => e.GetProperty("data").GetInt32()));
        Assert.Equal(Enumerable.Range(1, 100), numbers);
    }

    [Fact]
    public async Task Poll_OtherEpochInTheHeader_AnswersWithTheGap()
    {
        await using var server = await StreamsServer.StartAsync();
        await server.PublishAsync("a", 1);

        var (events, _) = await PollAsync(server, "/events?topic=a&wait=0", lastEventId: "abcd-9");

        Assert.Equal("stream.gap", events[0].GetProperty("type").GetString());
        Assert.Equal("epoch", events[0].GetProperty("data").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Poll_BehindAPrefixThatAProxyTakesOff_LinksToItself()
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await SendAsync(server, "/events?topic=a&wait=0", null);
        var next = new Uri(new Uri("https://shop.example/realtime/events?topic=a&wait=0"), Target(Assert.Single(response.Headers.GetValues("Link"))));

        Assert.Equal("/realtime/events", next.AbsolutePath);
        Assert.Contains("topic=a", next.Query, StringComparison.Ordinal);
        Assert.Contains("after=", next.Query, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wait=-1")]
    [InlineData("wait=56")]
    [InlineData("wait=x")]
    public async Task Poll_BadWait_NamesTheField(string query)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await SendAsync(server, "/events?topic=a&" + query, null);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "wait");
    }

    /// <summary>Polls once.</summary>
    /// <returns>The events, and where the next poll goes: the link as it stands, resolved as a client does (RFC 8288, section 3.1).</returns>
    internal static async Task<(JsonElement[] Events, string Next)> PollAsync(StreamsServer server, string path, string? lastEventId = null)
    {
        using var response = await SendAsync(server, path, lastEventId);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/cloudevents-batch+json", response.Content.Headers.ContentType?.MediaType);
        var link = Assert.Single(response.Headers.GetValues("Link"));
        Assert.EndsWith("; rel=\"next\"", link, StringComparison.Ordinal);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return (JsonSerializer.Deserialize<JsonElement[]>(body)!, new Uri(response.RequestMessage!.RequestUri!, Target(link)).PathAndQuery);
    }

    private static string Target(string link) => link[1..link.IndexOf('>', StringComparison.Ordinal)];

    private static async Task<HttpResponseMessage> SendAsync(StreamsServer server, string path, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "application/cloudevents-batch+json");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
