using System.Net;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Buffkit.Api;
using Microsoft.AspNetCore.Http;

namespace Buffkit.Tests;

/// <summary>What the limiter of the application's endpoints keeps for its callers.</summary>
public sealed class RequestLimitPartitionsTests
{
    [Fact]
    public void Partition_WithoutALimit_IsOneForAllCallers()
    {
        var policy = Policy(calls: 0);

        // The framework drops a partition that was idle for a while, and this one never says that it is.
        using var unlimited = RateLimitPartition.GetNoLimiter("").Factory("");
        Assert.Null(unlimited.IdleDuration);
        Assert.Single(Enumerable.Range(0, 1_000).Select(i => policy.GetPartition(Caller($"user-{i}", $"2001:db8:{i:x}::1")).PartitionKey).Distinct());
        Assert.Single(Enumerable.Range(0, 1_000).Select(i => policy.GetPartition(Caller(null, $"2001:db8:{i:x}::1")).PartitionKey).Distinct());
    }

    [Fact]
    public void Partition_OfALimit_IsOfTheUserElseOfTheNetworkAndSaysWhenItIsIdle()
    {
        var policy = Policy(calls: 1);

        Assert.Equal(policy.GetPartition(Caller("ada", "192.0.2.1")).PartitionKey, policy.GetPartition(Caller("ada", "192.0.2.2")).PartitionKey);
        Assert.NotEqual(policy.GetPartition(Caller("ada", "192.0.2.1")).PartitionKey, policy.GetPartition(Caller("bob", "192.0.2.1")).PartitionKey);
        Assert.Equal(policy.GetPartition(Caller(null, "2001:db8::1")).PartitionKey, policy.GetPartition(Caller(null, "2001:db8::2")).PartitionKey);
        // A user who is called like an address is not it.
        Assert.NotEqual(policy.GetPartition(Caller("192.0.2.1", "192.0.2.1")).PartitionKey, policy.GetPartition(Caller(null, "192.0.2.1")).PartitionKey);
        var partition = policy.GetPartition(Caller("ada", "192.0.2.1"));
        using var limiter = partition.Factory(partition.PartitionKey);
        Assert.NotNull(limiter.IdleDuration);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(600)]
    [InlineData(900)]
    [InlineData(1_500)]
    [InlineData(3_000)]
    [InlineData(30_000)]
    [InlineData(10_000_000)]
    public void Bucket_OfAnyLimit_RefillsAtThatRate(int calls)
    {
        var bucket = RequestLimits.PerCaller.Bucket(calls);

        Assert.Equal(calls, bucket.TokenLimit);
        Assert.InRange(bucket.TokensPerPeriod * (TimeSpan.FromMinutes(1) / bucket.ReplenishmentPeriod), calls * 0.999, calls * 1.001);
    }

    private static RequestLimits.PerCaller Policy(int calls) => new(new("User", calls), new("Address", calls));

    private static DefaultHttpContext Caller(string? subject, string address)
    {
        var http = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        if (subject is not null)
            http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", subject)], "test"));
        return http;
    }
}
