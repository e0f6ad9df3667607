using System.Net;
using System.Net.Http.Json;
using Buffkit.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;

namespace Buffkit.Tests;

/// <summary>DNS rebinding: a page of <c>evil.example</c>, whose name has come to resolve to this machine.</summary>
public sealed class HostNameTests
{
    [Fact]
    public async Task Api_InDevelopmentCalledByAStrangersName_AnswersNothing()
    {
        await using var api = await ApiProcess.StartAsync();

        foreach (var path in (string[])["/", "/health", "/metrics", "/orders", "/events?topic=**", "/openapi/v1.json"])
            Assert.Equal((path, HttpStatusCode.BadRequest), (path, await AskAsync(api.Http, path, "evil.example")));
        using var publish = new HttpRequestMessage(HttpMethod.Post, "events")
        {
            Content = JsonContent.Create(new { topic = "user/ada/x", type = "t", data = 1 }),
            Headers = { Host = $"evil.example:{api.Address.Port}" },
        };
        publish.Headers.Add("Origin", $"http://evil.example:{api.Address.Port}");
        using var refused = await api.Http.SendAsync(publish, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Theory]
    [InlineData("Development", null, "localhost", 200)]
    [InlineData("Development", null, "api.dev.localhost:5080", 200)]
    [InlineData("Development", null, "127.0.0.1:5080", 200)]
    [InlineData("Development", null, "[::1]:5080", 200)]
    [InlineData("Development", null, "evil.example", 400)]
    [InlineData("Development", null, "localhost.evil.example", 400)]
    [InlineData("Development", null, "192.0.2.1", 400)]
    [InlineData("Development", "dev.shop.example", "dev.shop.example", 200)]
    [InlineData("Development", "dev.shop.example", "localhost", 200)]
    [InlineData("Development", "dev.shop.example", "shop.example", 400)]
    [InlineData("Development", "*", "evil.example", 200)]
    [InlineData("Production", "shop.example;*.shop.example", "shop.example", 200)]
    [InlineData("Production", "shop.example;*.shop.example", "www.shop.example", 200)]
    [InlineData("Production", "shop.example;*.shop.example", "evil.example", 400)]
    [InlineData("Production", "shop.example", "192.0.2.1", 400)]
    [InlineData("Production", null, "evil.example", 200)]
    [InlineData("Production", "", "evil.example", 200)]
    public async Task Page_AskedByName_IsForOwnNames(string environment, string? allowed, string host, int status)
    {
        await using var app = await StartAsync(environment, allowed);

        Assert.Equal(status, (int)await AskAsync(app.GetTestClient(), "/page", host));
    }

    // Kubernetes, Azure Container Apps and scrapers call a replica by its address.
    [Theory]
    [InlineData("Production", "10.1.2.3:8080", 200)]
    [InlineData("Production", "[fd00::7]:8080", 200)]
    [InlineData("Production", "evil.example", 400)]
    [InlineData("Development", "10.1.2.3", 200)]
    [InlineData("Development", "evil.example", 400)]
    public async Task Probe_AskedByAddress_IsAnswered(string environment, string host, int status)
    {
        await using var app = await StartAsync(environment, "shop.example");

        foreach (var path in (string[])["/health", "/alive"])
            Assert.Equal(status, (int)await AskAsync(app.GetTestClient(), path, host));
    }

    [Theory]
    [InlineData("Production", null, 1)]
    [InlineData("Production", "*", 1)]
    [InlineData("Production", "shop.example", 0)]
    [InlineData("Development", null, 0)]
    [InlineData("Development", "*", 1)]
    public async Task Start_WhereAnyNameIsAnswered_IsWarnedOfOnce(string environment, string? allowed, int warnings)
    {
        var log = new LogRecords();
        await using var app = await StartAsync(environment, allowed, log);
        await AskAsync(app.GetTestClient(), "/page", "localhost");

        Assert.Equal(warnings, log.Records.Count(record => record.Message.Contains("AllowedHosts", StringComparison.Ordinal)));
    }

    private static async Task<WebApplication> StartAsync(string environment, string? allowed, LogRecords? log = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection([new("AllowedHosts", allowed)]);
        builder.WebHost.UseTestServer();
        log?.Add(builder.Services);
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/page", () => "page");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
