using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Buffkit.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

/// <summary>Databases that take a connection and then say nothing, and clients that would wait for them for a minute.</summary>
public sealed class HealthTimeoutTests : IDisposable
{
    /// <summary>Far above what health takes, far below what its clients would wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);

    public HealthTimeoutTests() => _silent.Start();

    public void Dispose() => _silent.Dispose();

    [Theory]
    [InlineData("postgres", "Host=127.0.0.1;Port={0};Username=u;Password=p;Timeout=60")]
    [InlineData("mysql", "Server=127.0.0.1;Port={0};User ID=u;Password=p;Connection Timeout=60")]
    public async Task Health_DatabaseSaysNothing_AnswersLongBeforeItsClientGivesUp(string provider, string connectionString)
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Configuration["Database:Provider"] = provider;
            builder.Configuration["ConnectionStrings:appdb"] = WithPort(connectionString);
            builder.AddAppDatabase();
        });

        var (status, health) = await HealthAsync(app);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal("Unhealthy", Part(health, "database"));
    }

    [Fact]
    public async Task Health_RedisSaysNothing_AnswersThatItIsDegraded()
    {
        await using var app = await StartAsync(builder =>
        {
            builder.Configuration["ConnectionStrings:redis"] =
                WithPort("127.0.0.1:{0},connectTimeout=60000,asyncTimeout=60000,syncTimeout=60000,connectRetry=1");
            builder.AddRedisClient();
        });

        var (status, health) = await HealthAsync(app);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("Degraded", Part(health, "redis"));
    }

    [Fact]
    public async Task Checks_WithoutATimeoutOfTheirOwn_EndWithinASecond()
    {
        await using var app = await StartAsync(builder => builder.Services.AddHealthChecks()
            .AddCheck("theirs", () => HealthCheckResult.Healthy())
            .AddCheck("slow", () => HealthCheckResult.Healthy(), tags: null, timeout: TimeSpan.FromMinutes(1)));

        var checks = app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations;

        Assert.All(
            checks.Where(check => check.Name != "slow"),
            check => Assert.InRange(check.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromMinutes(1), checks.Single(check => check.Name == "slow").Timeout);
    }

    private string WithPort(string connectionString) =>
        connectionString.Replace("{0}", $"{((IPEndPoint)_silent.LocalEndpoint).Port}", StringComparison.Ordinal);

    private static string? Part(JsonElement health, string name) =>
        health.GetProperty("parts").GetProperty(name).GetProperty("status").GetString();

    private static async Task<(HttpStatusCode Status, JsonElement Health)> HealthAsync(WebApplication app)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var response = await app.GetTestClient().GetAsync(new Uri("/health", UriKind.Relative), cancellation)
            .WaitAsync(Patience, cancellation);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(cancellation));
    }

    private static async Task<WebApplication> StartAsync(Action<WebApplicationBuilder> build)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseTestServer();
        builder.AddServiceDefaults();
        build(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
