using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>The sample as it is deployed: bearer tokens, everything else closed.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("access-");
    private readonly TestBearer _bearer = new();
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task Orders_WithoutAToken_AreClosed()
    {
        using var list = await _api.Http.GetAsync(new Uri("orders", UriKind.Relative), TestContext.Current.CancellationToken);
        using var place = await _api.Http.PostAsJsonAsync("orders", new { customer = "Ada", item = "x" }, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (list.StatusCode, place.StatusCode));
        Assert.Equal(401, await SubscribeAsync("orders/**"));
        Assert.Equal(200, await SubscribeAsync("public/a"));
    }

    [Fact]
    public async Task Bearer_GoodToken_WatchesOrdersAndOwnTopicsOnly()
    {
        var bearer = ("Authorization", $"Bearer {Token("ada", TimeSpan.FromMinutes(5))}");

        Assert.Equal(200, await SubscribeAsync("orders/**", bearer));
        Assert.Equal(200, await SubscribeAsync("user/ada/**", bearer));
        Assert.Equal(403, await SubscribeAsync("user/bob/**", bearer));
        Assert.Equal(403, await SubscribeAsync("**", bearer));
    }

    [Fact]
    public async Task OrderKeys_OfTwoUsers_AreTheirOwn()
    {
        var (ada, again, bob) = (await PlaceAsync("ada"), await PlaceAsync("ada"), await PlaceAsync("bob"));

        Assert.Equal(ada, again);
        Assert.NotEqual(ada, bob);

        async Task<long> PlaceAsync(string user)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "orders") { Content = JsonContent.Create(new { customer = "Somebody", item = "Espresso" }) };
            request.Headers.Add("Authorization", $"Bearer {Token(user, TimeSpan.FromMinutes(5))}");
            request.Headers.Add("Idempotency-Key", "1");
            using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetInt64();
        }
    }

    [Fact]
    public async Task Bearer_ExpiredOrOfAnotherKey_IsNobody()
    {
        var expired = Token("ada", TimeSpan.FromMinutes(-10));
        var forged = Token("ada", TimeSpan.FromMinutes(5), RandomNumberGenerator.GetBytes(32));

        foreach (var token in (string[])[expired, forged, "garbage", Token("ada", TimeSpan.FromMinutes(5)) + "x"])
        {
            Assert.Equal(401, await SubscribeAsync("user/ada/**", ("Authorization", $"Bearer {token}")));
            using var response = await LogInAsync(token);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.First().Scheme);
        }
    }

    [Fact]
    public async Task Session_OfABearerToken_SurvivesARestart()
    {
        using var response = await LogInAsync(Token("ada", TimeSpan.FromMinutes(5)));
        var token = response.Headers.GetValues("Session-Token").Single();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        // Not longer than the bearer token, though sessions may last a day.
        Assert.InRange(answer.GetProperty("expires").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(1), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal(200, await SubscribeAsync("user/ada/**", ("Session-Token", token)));

        await _api.DisposeAsync();
        _api = await StartAsync();

        Assert.Equal(200, await SubscribeAsync("user/ada/**", ("Session-Token", token)));
        Assert.NotEmpty(new DirectoryInfo(Path.Combine(_root.FullName, "data", "keys")).GetFiles());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/orders")]
    [InlineData("/nothing")]
    [InlineData("/events")]
    [InlineData("/events?topic=public/a&after=x")]
    [InlineData("/events?topic=public/a")]
    [InlineData("/health")]
    public async Task Answer_Any_HasTheSecurityHeaders(string path)
    {
        await using var response = await RawConnection.GetAsync(_api.Address, path);

        var policy = response.Headers["Content-Security-Policy"];
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers["X-Content-Type-Options"]);
        Assert.Equal("no-referrer", response.Headers["Referrer-Policy"]);
        Assert.DoesNotContain("Server", response.Headers.Keys);
    }

    [Theory]
    [InlineData("/openapi/v1.json")]
    [InlineData("/metrics")]
    public async Task Document_OfDevelopersAndOperators_IsNotThere(string path)
    {
        await using var response = await RawConnection.GetAsync(_api.Address, path);

        Assert.Equal(404, response.Status);
    }

    [Fact]
    public async Task Health_AskedByAStranger_SaysItsStatusAlone()
    {
        await _api.UntilHealthyAsync();
        var health = await _api.Http.GetStringAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal("""{"status":"Healthy"}""", health);
    }

    [Fact]
    public async Task Orders_FromAnotherSite_AreRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "orders") { Content = JsonContent.Create(new { customer = "Ada", item = "x" }) };
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        request.Headers.Add("Authorization", $"Bearer {Token("ada", TimeSpan.FromMinutes(5))}");

        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private Task<ApiProcess> StartAsync() => ApiProcess.StartAsync(_root.FullName, _bearer.Environment);

    private async Task<HttpResponseMessage> LogInAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "events/session");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<int> SubscribeAsync(string topic, params (string, string)[] headers)
    {
        await using var connection = await RawConnection.GetAsync(_api.Address, $"/events?topic={Uri.EscapeDataString(topic)}", headers);
        return connection.Status;
    }

    private string Token(string subject, TimeSpan lifetime, byte[]? key = null) => _bearer.Token(subject, lifetime, key);
}
