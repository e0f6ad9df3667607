using Buffkit.Migrations;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Tests;

/// <summary>When <c>doctor</c> says that connections run out.</summary>
public sealed class ConnectionRoomTests
{
    [Theory]
    [InlineData(100, 10, long.MaxValue, 50, HealthStatus.Healthy)]
    [InlineData(100, 85, long.MaxValue, 50, HealthStatus.Degraded)]
    [InlineData(100, 100, long.MaxValue, 50, HealthStatus.Unhealthy)]
    [InlineData(100, 10, long.MaxValue, 200, HealthStatus.Degraded)]
    // Others' connections are none of a login's own.
    [InlineData(1000, 150, 20, 10, HealthStatus.Healthy)]
    [InlineData(1000, 150, 20, 30, HealthStatus.Degraded)]
    public void Room_OfServerAndLogin_IsJudgedApart(long most, long used, long own, long pool, HealthStatus expected) =>
        Assert.Equal(expected, ConnectionRoom.Judge(most, used, own, pool).Status);
}
