using System.Net;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

public sealed class EventSessionTests
{
    private const string Own = "user/ada/news";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Session_BrowserLogsIn_GetsACookieThatScriptsCannotReadAndOpensItsStream()
    {
        await using var server = await SecuredServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Post, "events/session", [TestAuthentication.As("ada"), .. Browser]);
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [.. Browser, ("Cookie", cookie.Split(';')[0])]);
        var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith(CookieName + "=", cookie, StringComparison.Ordinal);
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.False(response.Headers.Contains(TokenHeader));
        Assert.Equal(answer.GetProperty("session").GetString(), client.Session());
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Session_BehindAProxyThatEndsTls_GetsTheHostPrefix()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Proxies:Addresses:0"] = "127.0.0.1" });

        using var response = await server.SendAsync(
            HttpMethod.Post, "events/session", [TestAuthentication.As("ada"), .. Browser, ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.7")]);

        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        Assert.StartsWith("__Host-event-session=", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Session_NotABrowser_GetsShortTokensInTheHeaderAndKeepsItsSession()
    {
        await using var server = await SecuredServer.StartAsync();
        // As Node's fetch does.
        await using var first = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: [("Sec-Fetch-Mode", "cors")]);
        var token = first.Headers[TokenHeader];

        await using var second = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: [(TokenHeader, token)]);

        Assert.InRange(token.Length, 100, 300);
        Assert.DoesNotContain("Set-Cookie", first.Headers.Keys);
        Assert.Equal(first.Session(), second.Session());
        Assert.NotEqual(token, second.Headers[TokenHeader]);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin", false)]
    [InlineData("Origin", "http://own", false)]
    [InlineData("User-Agent", "Mozilla/5.0 (X11)", false)]
    [InlineData("Cookie", CookieName + "=x", false)]
    // A page of another origin gets no cookie back to the server, so it is given what its scripts send.
    [InlineData("Origin", "https://shop.example", true)]
    public async Task Session_ScriptOfAPageSendsTheHeader_IsGivenATokenThatItCannotReadUnlessItsOriginIsListed(string name, string value, bool isReadable)
    {
        await using var server = await SecuredServer.StartAsync(
            new() { ["Streams:Cors:Origins:0"] = "https://shop.example" }, app: app => app.UseCors());
        (string, string)[] headers = [(TokenHeader, "x"), (name, value.Replace("http://own", server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal))];

        using var session = await server.SendAsync(HttpMethod.Post, "events/session", [TestAuthentication.As("ada"), .. headers]);
        await using var stream = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: headers);

        Assert.Equal((isReadable, !isReadable), (session.Headers.Contains(TokenHeader), session.Headers.Contains("Set-Cookie")));
        Assert.Equal((isReadable, !isReadable), (stream.Headers.ContainsKey(TokenHeader), stream.Headers.ContainsKey("Set-Cookie")));
    }

    [Fact]
    public async Task Session_NoCredentials_Is401WithAScheme()
    {
        await using var server = await SecuredServer.StartAsync();

        using var response = await server.SendAsync(HttpMethod.Post, "events/session", []);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Test", response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    public async Task Token_ReplacedAndUsedWithinGrace_IsTheSameSession()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada");
        await using var first = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        _time.Advance(TimeSpan.FromSeconds(20));
        await using var second = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        Assert.Equal(first.Session(), second.Session());
    }

    [Fact]
    public async Task Token_ReplayedAfterRotationAndGrace_RevokesTheSessionAndEndsItsStreams()
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(time: _time, services: log.Add);
        var stolen = await server.LogInAsync("ada");
        await using var victim = await ConnectTwiceAsync(server, stolen);

        _time.Advance(TimeSpan.FromSeconds(31));
        var thief = await server.SubscribeStatusAsync(Own, (TokenHeader, stolen));
        var reason = await victim.CloseReasonAsync();
        var again = await server.SubscribeStatusAsync(Own, (TokenHeader, victim.Headers[TokenHeader]));
        var published = await server.PublishAsync(Own, [(TokenHeader, victim.Headers[TokenHeader])]);

        Assert.Equal((401, "revoked", 401, HttpStatusCode.Unauthorized), (thief, reason, again, published.StatusCode));
        var alert = Assert.Single(log.Records, record => record.Id.Id == 101);
        Assert.Contains(victim.Session(), alert.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Records, record => record.Message.Contains(stolen, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_ReplayedToPublish_RevokesTheSessionToo()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var stolen = await server.LogInAsync("ada");
        await using var victim = await ConnectTwiceAsync(server, stolen);

        _time.Advance(TimeSpan.FromSeconds(31));
        using var thief = await server.PublishAsync(Own, [(TokenHeader, stolen)]);

        Assert.Equal(HttpStatusCode.Unauthorized, thief.StatusCode);
        Assert.Equal("revoked", await victim.CloseReasonAsync());
    }

    [Fact]
    public async Task Token_Expired_IsAsNone()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Sessions:Lifetime"] = "01:00:00" }, _time);
        var token = await server.LogInAsync("ada");

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
        await using var anonymous = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: [(TokenHeader, token)]);
        Assert.NotEqual(token, anonymous.Headers[TokenHeader]);
    }

    [Fact]
    public async Task Token_ForgedOrTruncatedOrForeign_IsAsNone()
    {
        await using var server = await SecuredServer.StartAsync();
        await using var other = await SecuredServer.StartAsync();
        var token = await server.LogInAsync("ada");
        string[] bad =
        [
            await other.LogInAsync("ada"),
            "", "x", "é", "..", new string('A', 227), new string('A', 100_000 / 10),
            token[..^1], token[..(token.Length / 2)], token + "A", token + token, "A" + token[1..],
            .. Enumerable.Range(0, token.Length).Select(i => token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..]).Where((_, i) => i % 7 == 0),
        ];

        foreach (var text in bad)
        {
            Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, text)));
            Assert.Equal(401, await server.SubscribeStatusAsync(Own, ("Cookie", $"{CookieName}={text}")));
            Assert.Equal(200, await server.SubscribeStatusAsync("public/a", (TokenHeader, text)));
        }

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task Token_InTheUrl_OpensNothing()
    {
        await using var server = await SecuredServer.StartAsync();
        var token = await server.LogInAsync("ada");

        await using var connection = await RawConnection.GetAsync(
            server.Address, $"/events?topic={Own}&{TokenHeader}={token}&token={token}&access_token={token}");

        Assert.Equal(400, connection.Status);
    }

    [Theory]
    [InlineData("Off", "203.0.113.9", 200)]
    [InlineData("Off", "198.51.100.1", 200)]
    [InlineData("Subnet", "203.0.113.9", 200)]
    [InlineData("Subnet", "::ffff:203.0.113.9", 200)]
    [InlineData("Subnet", "198.51.100.1", 401)]
    [InlineData("Exact", "203.0.113.7", 200)]
    [InlineData("Exact", "203.0.113.9", 401)]
    public async Task Token_StolenAndUsedFromAnotherAddress_IsBoundAsConfigured(string binding, string address, int status)
    {
        await using var server = await SecuredServer.StartAsync(new()
        {
            ["Streams:Sessions:AddressBinding"] = binding,
            ["Streams:Proxies:Networks:0"] = "127.0.0.0/8",
        });
        using var response = await server.SendAsync(
            HttpMethod.Post, "events/session", [TestAuthentication.As("ada"), ("X-Forwarded-For", "203.0.113.7")]);
        var token = response.Headers.GetValues(TokenHeader).Single();

        Assert.Equal(status, await server.SubscribeStatusAsync(Own, (TokenHeader, token), ("X-Forwarded-For", address)));
    }

    [Fact]
    public async Task Binding_Ipv6_CountsTheFirst64Bits()
    {
        var session = SessionId.New();
        ulong Hash(string address) => AddressBinding.Subnet.Hash(IPAddress.Parse(address), session);
        await Task.CompletedTask;

        Assert.Equal(Hash("2001:db8:1:2:3::4"), Hash("2001:db8:1:2:ffff::1"));
        Assert.NotEqual(Hash("2001:db8:1:2::4"), Hash("2001:db8:1:3::4"));
        Assert.NotEqual(Hash("2001:db8:1:2::4"), AddressBinding.Subnet.Hash(IPAddress.Parse("2001:db8:1:2::4"), SessionId.New()));
    }

    [Fact]
    public async Task ForwardedHeaders_WithoutAnyConfiguredProxy_AreSpokenOfOnce()
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(services: log.Add);
        for (var i = 0; i < 3; i++)
            await server.SubscribeStatusAsync("public/a", ("X-Forwarded-For", "198.51.100.1"));

        Assert.Single(log.Records, record => record.Message.Contains("Streams:Proxies", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ForwardedHeaders_FromNoConfiguredProxy_AreNotBelieved()
    {
        await using var server = await SecuredServer.StartAsync(new()
        {
            ["Streams:Sessions:AddressBinding"] = "Exact",
            ["Streams:Proxies:Addresses:0"] = "192.0.2.1",
        });
        var token = await server.LogInAsync("ada");

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token), ("X-Forwarded-For", "198.51.100.1")));
    }

    [Fact]
    public async Task Stream_CredentialsExpire_EndsWithRevoked()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada", _time.GetUtcNow().AddMinutes(5));
        await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        var closing = client.CloseReasonAsync();
        await AdvanceUntilAsync(() => closing.IsCompleted, TimeSpan.FromMinutes(6));

        Assert.Equal("revoked", await closing);
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, client.Headers[TokenHeader])));
    }

    [Fact]
    public async Task Stream_SessionRenewedInTime_GoesOn()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var start = _time.GetUtcNow();
        var token = await server.LogInAsync("ada", start.AddMinutes(5));
        await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        var renewed = await server.LogInAsync("ada", start.AddHours(1), client.Headers[TokenHeader]);
        await AdvanceUntilAsync(() => _time.GetUtcNow() > start.AddMinutes(10), TimeSpan.FromMinutes(11));
        await server.PublishFromCodeAsync(Own, "still here");
        await using var again = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, renewed)]);

        // Right after a heartbeat an event waits for others to be sent with.
        var next = client.NextAsync();
        await AdvanceUntilAsync(() => next.IsCompleted, TimeSpan.FromMinutes(1));
        Assert.Equal("still here", (await next).Data);
        Assert.Equal(client.Session(), again.Session());
    }

    [Fact]
    public async Task LogIn_WithAStrangersToken_IsANewSession()
    {
        await using var server = await SecuredServer.StartAsync();
        await using var planted = await EventStreamClient.ConnectAsync(server.Address, "public/a");

        var ada = await server.LogInAsync("ada", token: planted.Headers[TokenHeader]);
        await using var adas = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, ada)]);
        var bob = await server.LogInAsync("bob", token: adas.Headers[TokenHeader]);
        await using var bobs = await EventStreamClient.ConnectAsync(server.Address, "user/bob", headers: [(TokenHeader, bob)]);

        Assert.Equal(3, new HashSet<string> { planted.Session(), adas.Session(), bobs.Session() }.Count);
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, planted.Headers[TokenHeader])));
    }

    [Fact]
    public async Task LogOut_Session_EndsItsStreamsAndItsTokens()
    {
        await using var server = await SecuredServer.StartAsync();
        var token = await server.LogInAsync("ada");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        using var response = await server.SendAsync(HttpMethod.Delete, "events/session", [(TokenHeader, client.Headers[TokenHeader])]);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("revoked", await client.CloseReasonAsync());
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, client.Headers[TokenHeader])));
    }

    [Fact]
    public async Task Revoke_FromCode_EndsTheStreams()
    {
        await using var server = await SecuredServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "public/a");

        await server.Services.GetRequiredService<EventSessions>().RevokeAsync(client.Session(), TestContext.Current.CancellationToken);

        Assert.Equal("revoked", await client.CloseReasonAsync());
    }

    [Theory]
    // With the session's token, and with the credentials themselves, of which the session keeps nothing.
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_RenewedWithFewerRights_HasThoseAloneAndItsStreamsEnd(bool byToken)
    {
        await using var server = await SecuredServer.StartAsync(
            byToken ? new() { ["Streams:Sessions:Claims:0"] = "role" } : [],
            services: services => services.AddAuthorizationBuilder().AddPolicy(
                TopicAuthorizationOptions.PolicyName, policy => policy.RequireRole("admin")));
        var admin = TestAuthentication.As("ada", role: "admin");
        using var first = await server.SendAsync(HttpMethod.Post, "events/session", [admin]);
        var token = first.Headers.GetValues(TokenHeader).Single();
        await using var secrets = await EventStreamClient.ConnectAsync(
            server.Address, "secrets", headers: byToken ? [(TokenHeader, token)] : [(TokenHeader, token), admin]);
        await using var own = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));

        using var renewed = await server.SendAsync(
            HttpMethod.Post, "events/session", [(TokenHeader, token), TestAuthentication.As("ada", role: "nobody")]);

        Assert.Equal("forbidden", await secrets.CloseReasonAsync());
        foreach (var late in new[] { token, secrets.Headers[TokenHeader], renewed.Headers.GetValues(TokenHeader).Single() })
        {
            Assert.Equal(403, await server.SubscribeStatusAsync("secrets", (TokenHeader, late)));
            Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, late)));
        }

        await server.PublishAsync(Own, [(TokenHeader, token)]);
        Assert.Equal("1", (await own.NextAsync()).Data);
    }

    [Fact]
    public async Task Session_OtherCredentialsShownOnAConnect_CountFromThenOn()
    {
        await using var server = await SecuredServer.StartAsync(
            new() { ["Streams:Sessions:Claims:0"] = "role" },
            services: services => services.AddAuthorizationBuilder().AddPolicy(
                TopicAuthorizationOptions.PolicyName, policy => policy.RequireRole("admin")));
        using var first = await server.SendAsync(HttpMethod.Post, "events/session", [TestAuthentication.As("ada", role: "admin")]);
        var token = first.Headers.GetValues(TokenHeader).Single();
        Assert.Equal(200, await server.SubscribeStatusAsync("secrets", (TokenHeader, token)));

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token), TestAuthentication.As("ada", role: "nobody")));

        Assert.Equal(403, await server.SubscribeStatusAsync("secrets", (TokenHeader, token)));
    }

    [Fact]
    public async Task Sessions_OfASubject_AreListedAndTheOthersEnded()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var (here, there) = (await server.LogInAsync("ada"), await server.LogInAsync("ada"));
        await using var other = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, there));
        await using var mine = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, here));
        _time.Advance(TimeSpan.FromSeconds(1));

        using var listed = await server.SendAsync(HttpMethod.Get, "events/session", [(TokenHeader, here)]);
        var sessions = JsonSerializer.Deserialize<JsonElement>(await listed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("sessions");
        using var ended = await server.SendAsync(HttpMethod.Delete, "events/session?others=true", [(TokenHeader, here)]);

        Assert.Equal(
            [(mine.Session(), true), (other.Session(), false)],
            sessions.EnumerateArray().Select(session => (session.GetProperty("session").GetString(), session.GetProperty("current").GetBoolean())));
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal("revoked", await other.CloseReasonAsync());
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, other.Headers[TokenHeader])));
        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, mine.Headers[TokenHeader])));
        using var nobody = await server.SendAsync(HttpMethod.Get, "events/session", []);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
    }

    [Fact]
    public async Task Others_EndedByCredentialsWithoutAToken_AreAllOfTheSubjects()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada");
        _time.Advance(TimeSpan.FromSeconds(1));

        using var ended = await server.SendAsync(HttpMethod.Delete, "events/session?others=true", [TestAuthentication.As("ada")]);

        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task Others_EndedByNobody_Is401AndEndsNothing()
    {
        await using var server = await SecuredServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "public/a");

        using var refused = await server.SendAsync(HttpMethod.Delete, "events/session?others=true", [(TokenHeader, client.Headers[TokenHeader])]);
        await using var again = await EventStreamClient.ConnectAsync(server.Address, "public/a", headers: (TokenHeader, client.Headers[TokenHeader]));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(client.Session(), again.Session());
    }

    [Fact]
    public async Task RevokeAll_FromCode_EndsWhatASubjectHasOnEveryDevice()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var (one, two) = (await server.LogInAsync("ada"), await server.LogInAsync("ada"));
        await using var stream = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, one));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await server.Services.GetRequiredService<EventSessions>().RevokeAllAsync("ada", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal("revoked", await stream.CloseReasonAsync());
        foreach (var token in new[] { one, two, stream.Headers[TokenHeader] })
            Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, await server.LogInAsync("ada"))));
    }

    [Fact]
    public async Task IdempotencyKey_OfAnotherSubject_IsAnother()
    {
        await using var server = await SecuredServer.StartAsync();
        (string, string) key = ("Idempotency-Key", "k");

        using var adas = await server.PublishAsync("public/a", [TestAuthentication.As("ada"), key]);
        using var bobs = await server.PublishAsync("public/b", [TestAuthentication.As("bob"), key]);
        using var adasAgain = await server.PublishAsync("public/b", [TestAuthentication.As("ada"), key]);

        Assert.Equal(
            (HttpStatusCode.Accepted, HttpStatusCode.Accepted, HttpStatusCode.UnprocessableEntity), (adas.StatusCode, bobs.StatusCode, adasAgain.StatusCode));
    }

    [Fact]
    public async Task Cursor_OfAnotherSession_GivesNoMoreThanTheTopicsAllow()
    {
        await using var server = await SecuredServer.StartAsync();
        var ada = await server.LogInAsync("ada");
        await using var adas = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, ada)]);
        var cursor = adas.OpenId;
        await server.PublishFromCodeAsync(Own, "ada's secret");
        await server.PublishFromCodeAsync("public/a", "for all");
        var bob = await server.LogInAsync("bob");

        await using var bobs = await EventStreamClient.ConnectAsync(server.Address, "public/**", cursor, headers: [(TokenHeader, bob)]);

        Assert.Equal("for all", (await bobs.NextAsync()).Data);
        Assert.Equal(403, await server.SubscribeStatusAsync(Own, (TokenHeader, bobs.Headers[TokenHeader]), ("Last-Event-ID", cursor)));
    }

    [Fact]
    public async Task Token_AnswerWithItsSuccessorWasLost_IsGoodHoweverLate()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada");
        await using (await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]))
        {
            // The phone was in a tunnel when it was answered.
        }

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task Token_UsedToPublishWhileAPollWaitsLongerThanTheGrace_IsGood()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Delivery:BatchDelay"] = "00:00:00" }, _time);
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        var token = await server.LogInAsync("ada");
        var poll = server.SendAsync(HttpMethod.Get, $"events?topic={Own}&wait=55", [("Accept", "application/cloudevents-batch+json"), (TokenHeader, token)]);
        await Eventually.TrueAsync(() => connections.Count == 1, "the poll to wait");
        _time.Advance(TimeSpan.FromSeconds(31));

        using var published = await server.PublishAsync(Own, [(TokenHeader, token)]);
        using var polled = await poll;

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (published.StatusCode, polled.StatusCode));
    }

    [Fact]
    public async Task Token_ConnectsThatAreRefused_DoNotUseItUp()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Limits:ConnectsPerMinute"] = "0" }, _time);
        var token = await server.LogInAsync("ada");
        for (var i = 0; i < 200; i++)
            await server.SubscribeStatusAsync("user/bob", (TokenHeader, token));

        _time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task Renewal_RacesAConnect_BothTokensGoOn()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada", _time.GetUtcNow().AddSeconds(60));
        var renewed = await server.LogInAsync("ada", _time.GetUtcNow().AddHours(1), token);
        await using var tab = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));

        _time.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, renewed)));
        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, tab.Headers[TokenHeader])));
    }

    [Fact]
    public async Task Renewal_AnsweredBeforeAConnectThatBeganEarlier_IsNotLost()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var token = await server.LogInAsync("ada", _time.GetUtcNow().AddSeconds(60));
        await using var tab = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));
        await server.LogInAsync("ada", _time.GetUtcNow().AddHours(1), token);

        _time.Advance(TimeSpan.FromSeconds(61));

        // The browser kept the cookie that came last, which knows nothing of the renewal.
        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, tab.Headers[TokenHeader])));
    }

    [Fact]
    public async Task LogIn_CredentialsExpiredWithinTheSchemesSkew_Is401WithoutAToken()
    {
        await using var server = await SecuredServer.StartAsync(time: _time);
        var late = TestAuthentication.As("ada", _time.GetUtcNow().AddSeconds(-60));

        using var response = await server.SendAsync(HttpMethod.Post, "events/session", [late, .. Browser]);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, late));
    }

    [Fact]
    public async Task Session_OfCredentialsWithoutAnEnd_EndsHoweverOftenItsTokenIsReplaced()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Sessions:MaxAge"] = "3.00:00:00" }, _time);
        var token = await server.LogInAsync("ada");
        for (var hours = 0; hours < 66; hours += 22)
        {
            await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));
            token = client.Headers[TokenHeader];
            _time.Advance(TimeSpan.FromHours(22));
        }

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
        _time.Advance(TimeSpan.FromHours(6));

        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task LogOut_WithCredentialsOfAnother_EndsTheTokensSession()
    {
        await using var server = await SecuredServer.StartAsync();
        var token = await server.LogInAsync("ada");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);

        using var response = await server.SendAsync(HttpMethod.Delete, "events/session", [(TokenHeader, token), TestAuthentication.As("bob")]);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("revoked", await client.CloseReasonAsync());
    }

    [Fact]
    public async Task LogOut_AgainAndAgain_IsLimited()
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Limits:ConnectsPerMinutePerAddress"] = "5" });
        var statuses = new HashSet<HttpStatusCode>();
        for (var i = 0; i < 10; i++)
        {
            using var response = await server.SendAsync(HttpMethod.Delete, "events/session", []);
            statuses.Add(response.StatusCode);
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, statuses);
    }

    [Theory]
    [InlineData("AAAA\nAAAAAAAAAAA")]
    [InlineData("AAAA AAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAA=")]
    public void SessionId_WithOtherCharacters_IsNone(string text) => Assert.False(SessionId.TryParse(text, out _));

    [Fact]
    public async Task Token_WithWhiteSpaceInIt_IsAsNone()
    {
        await using var server = await SecuredServer.StartAsync();
        var token = await server.LogInAsync("ada");
        var tokens = server.Services.GetRequiredService<SessionTokens>();

        Assert.NotNull(tokens.Read(token));
        Assert.Null(tokens.Read(token.Insert(8, " ")));
        Assert.Null(tokens.Read(token + "\n"));
    }

    [Fact]
    public async Task ForwardedHeaders_FromAnyAddressWhereNetworksSaySo_AreBelievedOnceFromTheEnd()
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(
            new()
            {
                ["Streams:Sessions:AddressBinding"] = "Exact",
                ["Streams:Proxies:Networks:0"] = "0.0.0.0/0",
                ["Streams:Proxies:Networks:1"] = "::/0",
            },
            services: log.Add);
        using var response = await server.SendAsync(
            HttpMethod.Post, "events/session", [TestAuthentication.As("ada"), ("X-Forwarded-For", "198.51.100.1, 203.0.113.7")]);
        var token = response.Headers.GetValues(TokenHeader).Single();

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token), ("X-Forwarded-For", "192.0.2.1, 203.0.113.7")));
        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token), ("X-Forwarded-For", "203.0.113.7, 198.51.100.1")));
        Assert.DoesNotContain(log.Records, record => record.Message.Contains("was not believed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, 401, 1)]
    [InlineData("192.0.2.1", 200, 0)]
    public async Task ForwardedHeaders_BelievedByTheFramework_AreSpokenOfAndGiveWayToConfiguredProxies(string? proxy, int status, int warnings)
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(
            new()
            {
                ["FORWARDEDHEADERS_ENABLED"] = "true",
                ["Streams:Sessions:AddressBinding"] = "Exact",
                ["Streams:Proxies:Addresses:0"] = proxy,
            },
            services: log.Add);
        var token = await server.LogInAsync("ada");

        // With the framework's reading another address, to which the token is not bound.
        Assert.Equal(status, await server.SubscribeStatusAsync(Own, (TokenHeader, token), ("X-Forwarded-For", "198.51.100.1")));
        Assert.Equal(warnings, log.Records.Count(record => record.Message.Contains("ASPNETCORE_FORWARDEDHEADERS_ENABLED", StringComparison.Ordinal)));
    }

    // A token is replaced when its successor first comes.
    private static async Task<EventStreamClient> ConnectTwiceAsync(StreamsServer server, string token)
    {
        await using var first = await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, token)]);
        return await EventStreamClient.ConnectAsync(server.Address, Own, headers: [(TokenHeader, first.Headers[TokenHeader])]);
    }

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan most)
    {
        var end = _time.GetUtcNow() + most;
        await Eventually.TrueAsync(
            () =>
            {
                if (_time.GetUtcNow() < end)
                    _time.Advance(TimeSpan.FromSeconds(1));
                return condition();
            },
            "the clock to do its work");
    }
}
