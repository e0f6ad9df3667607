using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Buffkit.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Buffkit.Tests;

public sealed class RedisClientTests(RedisServer server)
{
    [Fact]
    public void AddRedisClient_NothingConfigured_RegistersNothing()
    {
        using var host = Build(null);
        Assert.Null(host.Services.GetService<IConnectionMultiplexer>());
    }

    [Fact]
    public async Task AddRedisClient_Configured_ConnectsAndIsHealthy()
    {
        using var host = Build(await server.StartAsync());
        await host.StartAsync(TestContext.Current.CancellationToken);

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HealthStatus.Healthy, report.Entries["redis"].Status);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Commands_OfARequestAndOfABackgroundLoop_OnlyTheRequestsAreSpans()
    {
        var connectionString = await server.StartAsync();
        var endpoint = ConfigurationOptions.Parse(connectionString).EndPoints.Single();
        using var source = new ActivitySource("Test.Redis");
        var spans = new Spans();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["ConnectionStrings:redis"] = connectionString;
        builder.AddServiceDefaults();
        builder.AddRedisClient();
        builder.AddTelemetrySources(source.Name);
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(spans));
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            var redis = host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase();

            Activity.Current = null;
            await redis.StringSetAsync("background", "loop");
            using (source.StartActivity("request"))
                await redis.StringGetAsync("background");
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        // The client's records are collected at the end at the latest.
        var parent = Assert.Single(spans.Ended, span => span.OperationName == "request");
        var command = Assert.Single(spans.Ended, span => span.Kind == ActivityKind.Client);
        Assert.Equal(parent.SpanId, command.ParentSpanId);
        Assert.Equal("GET", command.OperationName);
        Assert.Equal(Host(endpoint), command.GetTagItem("server.address"));
        Assert.Equal(Port(endpoint), Convert.ToInt32(command.GetTagItem("server.port"), CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task HealthCheck_RedisGone_IsDegradedAndTheHostStarts()
    {
        using var host = Build("127.0.0.1:1,connectTimeout=200");
        await host.StartAsync(TestContext.Current.CancellationToken);
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Degraded, report.Entries["redis"].Status);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private static string Host(EndPoint endpoint) => endpoint is DnsEndPoint name ? name.Host : $"{((IPEndPoint)endpoint).Address}";

    private static int Port(EndPoint endpoint) => endpoint is DnsEndPoint name ? name.Port : ((IPEndPoint)endpoint).Port;

    private static IHost Build(string? connectionString)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["ConnectionStrings:redis"] = connectionString;
        return builder.AddRedisClient().Build();
    }

    private sealed class Spans : BaseProcessor<Activity>
    {
        public ConcurrentQueue<Activity> Ended { get; } = [];

        public override void OnEnd(Activity data) => Ended.Enqueue(data);
    }
}
