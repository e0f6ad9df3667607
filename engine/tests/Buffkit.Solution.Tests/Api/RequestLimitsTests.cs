using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>The application's own endpoints refuse who asks too often, and nobody else.</summary>
public sealed class RequestLimitsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("request-limits-");
    private readonly TestBearer _bearer = new();

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Writes_OfOneUser_AreRefusedBeyondTheLimitAndOthersGoOn()
    {
        await using var api = await StartAsync(new() { ["RequestLimits__WritesPerMinute"] = "3" });

        var hers = new List<HttpResponseMessage>();
        for (var call = 0; call < 5; call++)
            hers.Add(await OrderAsync(api, "ada"));
        using var bobs = await OrderAsync(api, "bob");
        using var strangers = await OrderAsync(api, null);
        using var reads = await api.Http.SendAsync(Request(HttpMethod.Get, "ada"), TestContext.Current.CancellationToken);

        Assert.Equal([400, 400, 400, 429, 429], hers.Select(answer => (int)answer.StatusCode));
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.Unauthorized), (bobs.StatusCode, strangers.StatusCode));
        Assert.NotEqual(HttpStatusCode.TooManyRequests, reads.StatusCode);
        Assert.Equal("application/problem+json", hers[^1].Content.Headers.ContentType?.MediaType);
        Assert.InRange(hers[^1].Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        var problem = await hers[^1].Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Contains("RequestLimits:WritesPerMinute)", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        hers.ForEach(answer => answer.Dispose());
    }

    [Fact]
    public async Task Writes_OfStrangers_ShareTheirAddressAndCostNoUserAnything()
    {
        await using var api = await StartAsync(new() { ["RequestLimits__WritesPerMinutePerAddress"] = "2" });

        var strangers = new List<int>();
        for (var call = 0; call < 4; call++)
        {
            using var answer = await OrderAsync(api, null);
            strangers.Add((int)answer.StatusCode);
        }

        using var hers = await OrderAsync(api, "ada");
        await using var stream = await RawConnection.GetAsync(api.Address, "/events?topic=public/a");

        Assert.Equal([401, 401, 429, 429], strangers);
        Assert.Equal((HttpStatusCode.BadRequest, 200), (hers.StatusCode, stream.Status));
    }

    [Fact]
    public async Task Writes_WithoutALimit_AreNeverRefused()
    {
        await using var api = await StartAsync(new() { ["RequestLimits__WritesPerMinute"] = "0" });

        for (var call = 0; call < 650; call++)
        {
            using var answer = await OrderAsync(api, "ada");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Refusals_InDevelopment_AreCountedByPolicy()
    {
        await using var api = await ApiProcess.StartAsync(_root.FullName, new() { ["RequestLimits__ReadsPerMinutePerAddress"] = "1" });
        for (var call = 0; call < 2; call++)
        {
            using var answer = await api.Http.GetAsync(new Uri("orders", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(call == 0 ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, answer.StatusCode);
        }

        var metrics = await api.Http.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains(metrics.Split('\n'), line =>
            line.StartsWith("aspnetcore_rate_limiting_requests_total{", StringComparison.Ordinal)
            && line.Contains("aspnetcore_rate_limiting_policy=\"reads\"", StringComparison.Ordinal)
            && line.Contains("aspnetcore_rate_limiting_result=\"endpoint_limiter\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_ANegativeLimit_FailsAndNamesTheKey()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(new() { ["RequestLimits__WritesPerMinute"] = "-1" }));

        Assert.Contains("WritesPerMinute", failure.Message, StringComparison.Ordinal);
    }

    private Task<ApiProcess> StartAsync(Dictionary<string, string> settings)
    {
        var environment = _bearer.Environment;
        foreach (var (name, value) in settings)
            environment[name] = value;
        return ApiProcess.StartAsync(_root.FullName, environment);
    }

    // One that is not valid: it is counted all the same, and needs no database.
    private Task<HttpResponseMessage> OrderAsync(ApiProcess api, string? subject) =>
        api.Http.SendAsync(Request(HttpMethod.Post, subject), TestContext.Current.CancellationToken);

    private HttpRequestMessage Request(HttpMethod method, string? subject)
    {
        var request = new HttpRequestMessage(method, new Uri(method == HttpMethod.Get ? "orders/1" : "orders", UriKind.Relative));
        if (method != HttpMethod.Get)
            request.Content = JsonContent.Create(new { customer = "" });
        if (subject is not null)
            request.Headers.Add("Authorization", string.Create(CultureInfo.InvariantCulture, $"Bearer {_bearer.Token(subject, TimeSpan.FromMinutes(5))}"));
        return request;
    }
}
