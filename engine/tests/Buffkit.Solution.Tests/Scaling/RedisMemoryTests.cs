using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Testcontainers.Redis;

namespace Buffkit.Tests;

/// <summary>A Redis whose memory is limited, by each of the policies that it has for that.</summary>
[Collection(MeasuredTests.Name)]
public sealed class RedisMemoryTests
{
    [Fact]
    public async Task Redis_FullAndEvictsNothing_RefusesThePublishAndHealthSaysSo()
    {
        await using var redis = await RedisServer.StartOwnAsync();
        await using var nodes = await ApiNodes.StartAsync(1, redis.GetConnectionString());
        await SetAsync(redis, "maxmemory-policy", "noeviction");
        using (var before = await PublishAsync(nodes[0]))
            Assert.Equal(HttpStatusCode.Accepted, before.StatusCode);

        await SetAsync(redis, "maxmemory", "1mb");
        using var refused = await PublishAsync(nodes[0]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        await StreamsPartAsync(nodes[0], "Degraded", "maxmemory");

        await SetAsync(redis, "maxmemory", "0");
        using var taken = await PublishAsync(nodes[0]);
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        await StreamsPartAsync(nodes[0], "Healthy", null);
    }

    [Theory]
    [InlineData("allkeys-lru", true)]
    [InlineData("allkeys-random", true)]
    [InlineData("volatile-lru", false)]
    [InlineData("noeviction", false)]
    public async Task Redis_WithPolicy_IsUnsafeWhereItMayEvictTheLog(string policy, bool isUnsafe)
    {
        await using var redis = await RedisServer.StartOwnAsync();
        await SetAsync(redis, "maxmemory-policy", policy);
        await using var nodes = await ApiNodes.StartAsync(1, redis.GetConnectionString());

        await StreamsPartAsync(nodes[0], isUnsafe ? "Degraded" : "Healthy", isUnsafe ? policy : null);
    }

    private static async Task SetAsync(RedisContainer redis, string name, string value)
    {
        var result = await redis.ExecAsync(["redis-cli", "CONFIG", "SET", name, value], TestContext.Current.CancellationToken);
        Assert.Equal("OK", result.Stdout.Trim());
    }

    private static Task<HttpResponseMessage> PublishAsync(ApiProcess node) =>
        node.Http.PostAsJsonAsync("events", new { topic = "a", type = "t", data = 1 }, TestContext.Current.CancellationToken);

    private static Task StreamsPartAsync(ApiProcess node, string status, string? says) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var response = await node.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                var health = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                var part = health.GetProperty("parts").GetProperty("streams");
                return part.GetProperty("status").GetString() == status
                    && (says is null || part.GetProperty("description").GetString()!.Contains(says, StringComparison.Ordinal));
            },
            $"streams to be {status}");
}
