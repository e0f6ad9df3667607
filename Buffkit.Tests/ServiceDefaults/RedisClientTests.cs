using System.Collections.Concurrent;
using System.Diagnostics;
using Buffkit.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
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
    public async Task AddRedisClient_Configured_ConnectsIsHealthyAndLeavesSpans()
    {
        var connectionString = await server.StartAsync();
        using var source = new ActivitySource("Test.Redis");
        var spans = new ConcurrentBag<Activity>();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name is "StackExchange.Redis" or "Test.Redis",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                spans.Add(activity);
                if (activity.OperationName == "SET")
                {
                    seen.TrySetResult();
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var host = Build(connectionString);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var redis = host.Services.GetRequiredService<IConnectionMultiplexer>();

        using (var parent = source.StartActivity("parent"))
        {
            await redis.GetDatabase().StringSetAsync("a", "b");
        }

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Healthy, report.Entries["redis"].Status);
        await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(
            spans.Single(span => span.OperationName == "parent").SpanId,
            spans.Single(span => span.OperationName == "SET").ParentSpanId);
        await host.StopAsync(TestContext.Current.CancellationToken);
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

    private static IHost Build(string? connectionString)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["ConnectionStrings:redis"] = connectionString;
        return builder.AddRedisClient().Build();
    }
}
