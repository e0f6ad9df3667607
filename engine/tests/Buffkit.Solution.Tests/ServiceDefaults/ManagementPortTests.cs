using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Buffkit.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>What operators see of a server in production, and strangers do not.</summary>
public sealed class ManagementPortTests
{
    private const string Description = "The event log is away.";

    [Fact]
    public async Task Port_OfItsOwn_AloneAnswersMetricsAndTheParts()
    {
        var (publicPort, managementPort) = (FreePort(), FreePort());
        await using var app = await StartAsync(publicPort, managementPort);

        var (hidden, _) = await GetAsync(publicPort, "/metrics");
        var (open, metrics) = await GetAsync(managementPort, "/metrics");
        var (_, health) = await GetAsync(publicPort, "/health");
        var (_, parts) = await GetAsync(managementPort, "/health");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (hidden, open));
        Assert.Contains("# TYPE", metrics, StringComparison.Ordinal);
        Assert.Equal("""{"status":"Unhealthy"}""", health);
        Assert.Equal(Description, JsonSerializer.Deserialize<JsonElement>(parts).GetProperty("parts").GetProperty("engine").GetProperty("description").GetString());
    }

    [Theory]
    [InlineData(HealthStatus.Unhealthy, 503)]
    [InlineData(HealthStatus.Degraded, 200)]
    [InlineData(HealthStatus.Healthy, 200)]
    public async Task Probe_OnEitherPort_AnswersByItsStatusAlone(HealthStatus health, int status)
    {
        var (publicPort, managementPort) = (FreePort(), FreePort());
        await using var app = await StartAsync(publicPort, managementPort, health);

        foreach (var port in (int[])[publicPort, managementPort])
        {
            Assert.Equal(status, (int)(await GetAsync(port, "/health")).Status);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(port, "/alive")).Status);
        }
    }

    [Fact]
    public async Task Port_FeignedInHeaders_IsNotBelieved()
    {
        var (publicPort, managementPort) = (FreePort(), FreePort());
        await using var app = await StartAsync(publicPort, managementPort);

        var (status, _) = await GetAsync(publicPort, "/metrics", ("Host", $"localhost:{managementPort}"), ("X-Forwarded-Port", $"{managementPort}"));

        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Fact]
    public async Task Port_OutOfRange_StopsTheStart()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(FreePort(), 70_000));

        Assert.Contains("Port", error.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(int publicPort, int managementPort, HealthStatus health = HealthStatus.Unhealthy)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(
            [new("Management:Port", $"{managementPort}"), new("urls", $"http://127.0.0.1:{publicPort}")]);
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        builder.Services.AddHealthChecks().AddCheck("engine", () => new HealthCheckResult(health, Description));
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(int port, string path, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}{path}"));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
