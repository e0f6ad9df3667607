using System.Net;
using System.Net.Http.Json;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

public sealed class LimitsTests
{
    [Theory]
    [InlineData("ConnectsPerMinute", "2")]
    [InlineData("ConnectsPerMinutePerAddress", "3")]
    [InlineData("Connections", "2")]
    [InlineData("ConnectionsPerSession", "2")]
    [InlineData("ConnectionsPerAddress", "2")]
    public async Task Connect_OneTooMany_IsRefusedAsTheClientCanRead(string setting, string value)
    {
        await using var server = await StreamsServer.StartAsync(new() { [$"Streams:Limits:{setting}"] = value });
        await using var first = await EventStreamClient.ConnectAsync(server.Address, "a");
        (string, string) token = (TokenHeader, first.Headers[TokenHeader]);
        await using var second = await EventStreamClient.ConnectAsync(server.Address, "a", headers: token);
        await using var third = setting.StartsWith("Connects", StringComparison.Ordinal)
            ? await EventStreamClient.ConnectAsync(server.Address, "a", headers: token)
            : null;

        await using var tooMany = await RawConnection.GetAsync(server.Address, "/events?topic=a", [token]);
        using var browser = await server.SendAsync(
            HttpMethod.Get, "events?topic=a", [token, ("Sec-Fetch-Site", "same-origin"), ("Accept", "text/event-stream")]);
        var text = await browser.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(429, tooMany.Status);
        Assert.Equal("application/problem+json", tooMany.Headers["Content-Type"].Split(';')[0]);
        Assert.InRange(int.Parse(tooMany.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (browser.StatusCode, browser.Content.Headers.ContentType?.MediaType));
        Assert.Contains("event: stream.close\ndata: {\"reason\":\"limit\"", text, StringComparison.Ordinal);
        Assert.InRange(RetryOf(text), 5_000, 120_000);
    }

    [Theory]
    [InlineData("ConnectsPerMinutePerAddress")]
    [InlineData("ConnectionsPerAddress")]
    public async Task Strangers_UseUpTheirAddress_CostNothingOfWhoIsKnownThere(string setting)
    {
        await using var server = await SecuredServer.StartAsync(new() { [$"Streams:Limits:{setting}"] = "2" });
        await using var one = await EventStreamClient.ConnectAsync(server.Address, "public/a");
        await using var two = await EventStreamClient.ConnectAsync(server.Address, "public/a");

        Assert.Equal(429, await server.SubscribeStatusAsync("public/a"));
        Assert.Equal(429, await server.SubscribeStatusAsync("public/a", (TokenHeader, one.Headers[TokenHeader])));
        Assert.Equal(429, await server.SubscribeStatusAsync("public/a", (TokenHeader, "garbage")));
        await using var hers = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: TestAuthentication.As("ada"));
        await using var bySession = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: (TokenHeader, hers.Headers[TokenHeader]));
        Assert.Equal(429, await server.SubscribeStatusAsync("public/a", TestAuthentication.As("bob")));
    }

    [Fact]
    public async Task Strangers_WithTheTokenOfARevokedSession_AreCountedAsStrangers()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Limits:ConnectsPerMinutePerAddress"] = "2" });
        var token = await server.LogInAsync("ada");
        using (await server.SendAsync(HttpMethod.Delete, "events/session", Token(token)))
        {
        }

        Assert.Equal(200, await server.SubscribeStatusAsync("public/a", Token(token)));
        Assert.Equal(200, await server.SubscribeStatusAsync("public/a"));
        Assert.Equal(429, await server.SubscribeStatusAsync("public/a", Token(token)));
    }

    [Fact]
    public async Task Device_ThatAsksWithoutEnd_LeavesTheSubjectsOtherDevicesTheirs()
    {
        await using var server = await SecuredServer.StartAsync(new()
        {
            ["Streams:Limits:ConnectsPerMinute"] = "4", ["Streams:Limits:SubjectMultiple"] = "2",
        });
        var (mad, phone, third) = (await server.LogInAsync("ada"), await server.LogInAsync("ada"), await server.LogInAsync("ada"));

        var refused = 0;
        for (var n = 0; n < 20; n++)
            refused += await server.SubscribeStatusAsync("public/a", Token(mad)) == 429 ? 1 : 0;
        var phones = new List<int>();
        for (var n = 0; n < 2; n++)
            phones.Add(await server.SubscribeStatusAsync("public/a", Token(phone)));

        // Three log-ins and the four of the mad one count for the subject, who may have eight at once.
        Assert.InRange(refused, 15, 16);
        Assert.Equal(200, phones[0]);
        Assert.Equal(429, await server.SubscribeStatusAsync("public/a", Token(third)));
    }

    [Fact]
    public async Task Connections_Closed_MakeRoom()
    {
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Limits:Connections"] = "1", ["Streams:Limits:ConnectionsPerAddress"] = "1", ["Streams:Limits:ConnectionsPerSession"] = "1",
        });
        var first = await EventStreamClient.ConnectAsync(server.Address, "a");
        Assert.Equal(429, await server.SubscribeStatusAsync("a"));

        await first.DisposeAsync();
        var limits = server.Services.GetRequiredService<ConnectionLimits>();
        await Eventually.TrueAsync(() => limits.Open == 0, "the place to be given back");

        Assert.Equal(0, ((MemoryConnectionCounts)server.Services.GetRequiredService<IConnectionCounts>()).Keys);
        await using var second = await EventStreamClient.ConnectAsync(server.Address, "a");
    }

    [Theory]
    [InlineData("/events?topic=a&after=x")]
    [InlineData("/events?topic=a&wait=x")]
    public async Task Connections_RefusedForTheirRequest_HoldNoPlace(string query)
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:Connections"] = "1" });

        for (var i = 0; i < 3; i++)
        {
            await using var connection = await RawConnection.GetAsync(server.Address, query, [("Accept", "application/cloudevents-batch+json")]);
            Assert.Equal(400, connection.Status);
        }

        var limits = server.Services.GetRequiredService<ConnectionLimits>();
        await Eventually.TrueAsync(() => limits.Open == 0, "the places to be given back");
    }

    [Theory]
    [InlineData("PublishesPerSecond")]
    [InlineData("PublishesPerSecondPerAddress")]
    public async Task Publish_OneTooMany_Is429AndNamesTheSetting(string setting)
    {
        await using var server = await SecuredServer.StartAsync(new() { [$"Streams:Limits:{setting}"] = "2" });

        var answers = (await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => server.PublishAsync("user/ada/a", [TestAuthentication.As("ada")])))).ToList();

        var refused = Assert.IsType<HttpResponseMessage>(answers.Find(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.Accepted);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains($"Streams:Limits:{setting}", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        answers.ForEach(answer => answer.Dispose());
    }

    [Theory]
    [InlineData("EventsPerSecond")]
    [InlineData("EventsPerSecondPerAddress")]
    [InlineData("BytesPerSecond")]
    [InlineData("BytesPerSecondPerAddress")]
    public async Task Publish_MoreThanOneFullCall_IsRefusedByWhatItHolds(string setting)
    {
        // A rate so low that nothing comes back while the test runs; one full call is let in all the same.
        await using var server = await SecuredServer.StartAsync(new()
        {
            [$"Streams:Limits:{setting}"] = "1", ["Streams:Limits:EventsPerPublish"] = "50", ["Streams:Limits:BodyBytes"] = "3000",
        });

        using var full = await PublishManyAsync(server, "ada", 50);
        using var more = await PublishManyAsync(server, "ada", 50);
        using var bobs = await PublishManyAsync(server, "bob", 50);

        var isPerAddress = setting.EndsWith("PerAddress", StringComparison.Ordinal);
        Assert.Equal(
            (HttpStatusCode.Accepted, HttpStatusCode.TooManyRequests, isPerAddress ? HttpStatusCode.TooManyRequests : HttpStatusCode.Accepted),
            (full.StatusCode, more.StatusCode, bobs.StatusCode));
        Assert.InRange(more.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 2, 3_000);
        Assert.Contains($"Streams:Limits:{setting})", await more.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_WhereCallsHaveNoLimit_TheirContentHasNone()
    {
        await using var server = await SecuredServer.StartAsync(new()
        {
            ["Streams:Limits:PublishesPerSecond"] = "0", ["Streams:Limits:PublishesPerSecondPerAddress"] = "0",
        });

        for (var call = 0; call < 150; call++)
        {
            using var answer = await PublishManyAsync(server, "ada", 1_000);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Publish_OfAnotherSubject_HasARateOfItsOwn()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Limits:PublishesPerSecond"] = "1" });
        HttpStatusCode status;
        do
        {
            using var answer = await server.PublishAsync("user/ada/a", [TestAuthentication.As("ada")]);
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.Accepted);

        using var bobs = await server.PublishAsync("user/bob/a", [TestAuthentication.As("bob")]);

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.Accepted), (status, bobs.StatusCode));
    }

    [Fact]
    public void Pace_FailuresInARow_DoubleTheWaitWithJitterUpToABound()
    {
        var (pace, _) = Pace(failures: 0);
        var session = SessionId.New();
        var highest = new List<TimeSpan>();
        for (var failures = 0; failures < 12; failures++)
        {
            var drawn = Enumerable.Range(0, 200).Select(_ => pace.DrawRetry(session)).ToArray();
            Assert.True(drawn.Distinct().Count() > 50, "retries must be spread");
            highest.Add(drawn.Max());
            pace.Ended(session, failed: true);
        }

        Assert.InRange(highest[0], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        Assert.InRange(highest[3], TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40));
        Assert.All(highest, wait => Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromMinutes(2)));
        pace.Ended(session, failed: false);
        Assert.InRange(pace.DrawRetry(session), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Breaker_FailsAgainAndAgain_OpensThenTriesOneThenCloses()
    {
        var (pace, time) = Pace(failures: 3);
        var session = SessionId.New();
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(pace.Admit(session));
            pace.Ended(session, failed: true);
        }

        Assert.Equal(TimeSpan.FromSeconds(30), pace.Admit(session)!.RetryAfter);
        Assert.Null(pace.Admit(SessionId.New()));

        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(pace.Admit(session));
        Assert.NotNull(pace.Admit(session));
        pace.Ended(session, failed: true);
        Assert.Equal(TimeSpan.FromSeconds(60), pace.Admit(session)!.RetryAfter);

        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(pace.Admit(session));
        pace.Ended(session, failed: false);
        Assert.Null(pace.Admit(session));
        Assert.Equal(0, pace.Count);
    }

    [Fact]
    public void Breaker_FailuresFarApart_AreNotInARow()
    {
        var (pace, time) = Pace(failures: 3);
        var session = SessionId.New();
        for (var i = 0; i < 6; i++)
        {
            time.Advance(TimeSpan.FromMinutes(4));
            Assert.Null(pace.Admit(session));
            pace.Ended(session, failed: true);
        }

        Assert.Null(pace.Admit(session));
    }

    [Fact]
    public void Breaker_ClientThatWaitsAsItIsAsked_IsStillInARow()
    {
        var (pace, time) = Pace(failures: 8);
        var session = SessionId.New();
        for (var i = 0; i < 8; i++)
        {
            time.Advance(pace.DrawRetry(session));
            Assert.Null(pace.Admit(session));
            pace.Ended(session, failed: true);
        }

        Assert.NotNull(pace.Admit(session));
    }

    [Fact]
    public void Breaker_StreamThatLasts_ForgivesWhileItIsOpen()
    {
        var (pace, time) = Pace(failures: 3);
        var session = SessionId.New();
        pace.Ended(session, failed: true);
        pace.Ended(session, failed: true);
        pace.Began(session);
        time.Advance(SessionPace.ShortestVisit);

        pace.Ended(session, failed: true);

        Assert.Null(pace.Admit(session));
        Assert.InRange(pace.DrawRetry(session), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Breaker_TrialLasts_LetsOtherTabsIn()
    {
        var (pace, time, session) = HalfOpen();
        Assert.Null(pace.Admit(session));
        pace.Began(session);
        Assert.NotNull(pace.Admit(session));

        time.Advance(SessionPace.ShortestVisit);

        Assert.Null(pace.Admit(session));
        Assert.Null(pace.Admit(session));
    }

    [Fact]
    public void Breaker_TrialIsSlow_OpensForLonger()
    {
        var (pace, time, session) = HalfOpen();
        Assert.Null(pace.Admit(session));
        pace.Began(session);
        time.Advance(TimeSpan.FromSeconds(20));

        pace.Ended(session, failed: true, isSlow: true);

        Assert.Equal(TimeSpan.FromSeconds(60), pace.Admit(session)!.RetryAfter);
    }

    [Fact]
    public void Breaker_TrialRefusedForAnotherReason_IsNotUsedUp()
    {
        var (pace, time, session) = HalfOpen();
        Assert.Null(pace.Admit(session));

        // No stream began: the topic was not allowed, or there was no place.
        var soon = pace.Admit(session)!.RetryAfter;
        time.Advance(soon);

        Assert.InRange(soon, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Null(pace.Admit(session));
    }

    [Fact]
    public void Breaker_ManySessions_StaysWithinItsMemory()
    {
        var (pace, time) = Pace(failures: 1);
        for (var i = 0; i < SessionPace.Capacity + 1_000; i++)
            pace.Ended(SessionId.New(), failed: true);
        Assert.Equal(SessionPace.Capacity, pace.Count);

        time.Advance(TimeSpan.FromHours(1));
        pace.Ended(SessionId.New(), failed: true);
        Assert.Equal(1, pace.Count);
    }

    [Fact]
    public async Task Breaker_ClientThatIsCutWithinASecond_IsKeptOutAndAnotherIsNot()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:Breaker:Failures"] = "3" });
        var pace = server.Services.GetRequiredService<SessionPace>();
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var token = client.Headers[TokenHeader];
        await client.DisposeAsync();
        for (var i = 0; i < 3; i++)
        {
            client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: "x", headers: (TokenHeader, token));
            token = client.Headers[TokenHeader];
            client.Cut();
            await Eventually.TrueAsync(() => connections.Count == 0 && pace.Count == 1, "the cut to be seen");
        }

        await Eventually.TrueAsync(() => pace.Admit(new SessionId(client.Session())) is not null, "the breaker to open");
        Assert.Equal(429, await server.SubscribeStatusAsync("a", (TokenHeader, token)));
        Assert.Equal(200, await server.SubscribeStatusAsync("a"));
    }

    [Fact]
    public async Task Breaker_PersonGoesFromPageToPage_StaysClosed()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:Breaker:Failures"] = "3" });
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        string? token = null;
        for (var page = 0; page < 12; page++)
        {
            var client = await EventStreamClient.ConnectAsync(server.Address, "a", headers: token is null ? [] : [(TokenHeader, token)]);
            token = client.Headers[TokenHeader];
            client.Cut();
            await Eventually.TrueAsync(() => connections.Count == 0, "the stream of the page to end");
        }

        Assert.Equal(0, server.Services.GetRequiredService<SessionPace>().Count);
        Assert.Equal(200, await server.SubscribeStatusAsync("a", (TokenHeader, token!)));
    }

    [Fact]
    public async Task Filter_OfMoreWildcardsThanAllowed_Is400AndSaysHowMany()
    {
        await using var server = await StreamsServer.StartAsync();

        Assert.Equal(200, await server.SubscribeStatusAsync("a/*/b/*/c/*/**"));
        Assert.Equal(400, await server.SubscribeStatusAsync("a/*/b/*/c/*/*"));
    }

    [Fact]
    public async Task Filters_OfOneAddress_AreBoundedAndGivenBack()
    {
        // Room for two connections with one filter of fifty characters each.
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:FilterBytesPerAddress"] = "400" });
        var topic = new string('a', 50);
        var first = await EventStreamClient.ConnectAsync(server.Address, topic);
        await using var second = await EventStreamClient.ConnectAsync(server.Address, topic);
        Assert.Equal(429, await server.SubscribeStatusAsync(topic));

        first.Cut();

        await Eventually.TrueAsync(async () => await server.SubscribeStatusAsync(topic) == 200, "the first one's place to be free");
    }

    internal static int RetryOf(string stream) =>
        int.Parse(stream.Split('\n')[0]["retry: ".Length..], System.Globalization.CultureInfo.InvariantCulture);

    private static Task<HttpResponseMessage> PublishManyAsync(StreamsServer server, string subject, int events) =>
        server.SendAsync(
            HttpMethod.Post, "events", [TestAuthentication.As(subject)],
            JsonContent.Create(Enumerable.Repeat(new { topic = $"user/{subject}/a", type = "t", data = 1 }, events)));

    private static (SessionPace Pace, FakeTimeProvider Time, SessionId Session) HalfOpen()
    {
        var (pace, time) = Pace(failures: 3);
        var session = SessionId.New();
        for (var i = 0; i < 3; i++)
            pace.Ended(session, failed: true);
        time.Advance(TimeSpan.FromSeconds(30));
        return (pace, time, session);
    }

    private static (SessionPace Pace, FakeTimeProvider Time) Pace(int failures)
    {
        var options = new StreamsOptions();
        options.Limits.Breaker.Failures = failures;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        return (new SessionPace(Options.Create(options), time), time);
    }
}
