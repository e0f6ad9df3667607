using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;

namespace Buffkit.Tests;

public sealed class DefaultEndpointsTests
{
    [Theory]
    [InlineData("Development", "/health", 200)]
    [InlineData("Development", "/alive", 200)]
    [InlineData("Development", "/metrics", 200)]
    [InlineData("Production", "/health", 200)]
    [InlineData("Production", "/alive", 200)]
    [InlineData("Production", "/metrics", 404)]
    public async Task Endpoint_ByEnvironment_Answers(string environment, string path, int status)
    {
        await using var app = await StartAsync(environment);

        using var response = await app.GetTestClient().GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Health_OnePartFails_NamesItWhileAliveStaysGood()
    {
        await using var app = await StartAsync("Development", builder => builder.Services.AddHealthChecks()
            .AddCheck("engine", () => HealthCheckResult.Unhealthy("It stopped.", new InvalidOperationException("secret"))));
        var client = app.GetTestClient();

        using var health = await client.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        using var alive = await client.GetAsync(new Uri("/alive", UriKind.Relative), TestContext.Current.CancellationToken);
        var body = await health.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Equal("It stopped.", body.GetProperty("parts").GetProperty("engine").GetProperty("description").GetString());
        Assert.DoesNotContain("secret", body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
    }

    [Fact]
    public async Task Metrics_AfterAStreamAndARequest_CountTheRequestOnly()
    {
        await using var app = await StartAsync("Development", configure: app =>
        {
            app.MapGet("/stream", (HttpContext context) =>
            {
                context.Response.ContentType = "text/event-stream; charset=utf-8";
                return context.Response.WriteAsync("data: x\n\n");
            });
            app.MapGet("/page", () => "page");
        });
        var client = app.GetTestClient();
        foreach (var path in new[] { "/stream", "/page", "/health" })
        {
            await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        }

        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        var durations = metrics.Split('\n').Where(line => line.StartsWith("http_server_request_duration", StringComparison.Ordinal));
        Assert.Equal(
            (true, false, false),
            (durations.Any(OfRoute("/page")), durations.Any(OfRoute("/stream")), durations.Any(OfRoute("/health"))));

        static Func<string, bool> OfRoute(string route) =>
            line => line.Contains($"http_route=\"{route}\"", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Traces_ProbesAndRequests_HoldTheRequestsOnly()
    {
        // Spans reach every listener of the process, so those of tests that run beside this one arrive here too.
        var paths = new ConcurrentBag<string?>();
        var seen = new TaskCompletionSource();
        await using var app = await StartAsync(
            "Development",
            builder => builder.Services.ConfigureOpenTelemetryTracerProvider(tracing =>
                tracing.AddProcessor(new Recorder(activity =>
                {
                    paths.Add(activity.GetTagItem("url.path") as string);
                    if (paths.Contains("/page"))
                    {
                        seen.TrySetResult();
                    }
                }))),
            app => app.MapGet("/page", () => "page"));
        var client = app.GetTestClient();
        foreach (var path in new[] { "/health", "/alive", "/metrics", "/page" })
        {
            await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        }

        // A span ends after its response has been sent.
        await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(paths, path => path is "/health" or "/alive" or "/metrics");
    }

    [Fact]
    public async Task AddTelemetrySources_AMeter_AppearsInMetrics()
    {
        using var meter = new System.Diagnostics.Metrics.Meter("Sample.Library");
        await using var app = await StartAsync("Development", builder => builder.AddTelemetrySources("Sample.*"));
        meter.CreateCounter<long>("sample.count").Add(3);

        var metrics = await app.GetTestClient()
            .GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("sample_count", metrics, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(
        string environment, Action<WebApplicationBuilder>? build = null, Action<WebApplication>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.WebHost.UseTestServer();
        builder.AddServiceDefaults();
        build?.Invoke(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        configure?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private sealed class Recorder(Action<Activity> onEnd) : OpenTelemetry.BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data) => onEnd(data);
    }
}
