using Buffkit.Migrations.CommandLine;
using Buffkit.Streams.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>What <c>doctor</c> finds in a real Redis, each thing well and not.</summary>
public sealed class RedisDoctorTests
{
    [Fact]
    public async Task Redis_NotConfigured_SaysSoAndNoMore()
    {
        var result = Assert.Single(await LookAsync(null));

        Assert.Equal(("redis", CheckState.Ok), (result.Name, result.State));
    }

    [Fact]
    public async Task Redis_SetUpAsTheDocsSay_IsWell()
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: true);
        await SetAsync(redis.ConnectionString, "maxmemory", "256mb");

        var results = await LookAsync(redis.ConnectionString);

        Assert.All(results, result => Assert.Equal((result.Name, CheckState.Ok), (result.Name, result.State)));
        Assert.Equal("appendonly yes, appendfsync always.", results.Of("redis persistence").Found);
        Assert.StartsWith("Redis ", results.Of("redis version").Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis eviction", nameof(CheckState.Failed), "maxmemory-policy", "allkeys-lru", "CONFIG SET maxmemory-policy noeviction")]
    [InlineData("redis eviction", nameof(CheckState.Warning), "maxmemory-policy", "volatile-lru", "noeviction")]
    [InlineData("redis memory", nameof(CheckState.Warning), "maxmemory", "0", "Set maxmemory")]
    [InlineData("redis memory", nameof(CheckState.Failed), "maxmemory", "1kb", "Raise maxmemory")]
    [InlineData("redis persistence", nameof(CheckState.Warning), "appendfsync", "no", "appendfsync everysec")]
    [InlineData("redis persistence", nameof(CheckState.Failed), "appendonly", "no", "Set appendonly yes")]
    public async Task Redis_SettingThatHarms_IsNamedWithItsRemedy(string check, string state, string setting, string value, string toDo)
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: true);
        await SetAsync(redis.ConnectionString, "maxmemory", "256mb");
        await SetAsync(redis.ConnectionString, setting, value);

        var results = await LookAsync(redis.ConnectionString);

        Assert.Equal(state, $"{results.Of(check).State}");
        Assert.Contains(toDo, results.Of(check).ToDo, StringComparison.Ordinal);
        Assert.All(results.Where(result => result.Name != check), result => Assert.Equal((result.Name, CheckState.Ok), (result.Name, result.State)));
    }

    [Fact]
    public async Task Redis_SnapshotsAlone_Warns()
    {
        await using var redis = await RedisServer.StartOwnAsync();
        await SetAsync($"{redis.GetConnectionString()},allowAdmin=true", "save", "10 1");

        var result = (await LookAsync(redis.GetConnectionString())).Of("redis persistence");

        Assert.Equal(CheckState.Warning, result.State);
        Assert.StartsWith("Snapshots alone (save 10 1)", result.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redis_Gone_IsFoundInTimeAndTheRestIsSkipped(bool isFrozen)
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: false);
        await (isFrozen ? redis.PauseAsync() : redis.KillAsync());

        var results = await LookAsync(redis.ConnectionString);

        Assert.Equal(CheckState.Failed, results.Of("redis").State);
        Assert.Contains("does not answer", results.Of("redis").Found, StringComparison.Ordinal);
        Assert.True(results.Of("redis").Duration < TimeSpan.FromSeconds(10));
        Assert.All(results.Where(result => result.Name != "redis"), result => Assert.Equal(CheckState.Skipped, result.State));
        if (isFrozen)
            await redis.UnpauseAsync();
    }

    [Fact]
    public async Task Redis_ReplicasAlone_HasNoPrimary()
    {
        await using var redis = await ReplicatedRedis.StartAsync();
        await redis.KillPrimaryAsync();

        var result = (await LookAsync(redis.ConnectionString)).Of("redis");

        Assert.Equal(CheckState.Failed, result.State);
        Assert.Contains("none is a primary", result.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_WrongPassword_IsSaidWithoutIt()
    {
        await using var redis = await RedisServer.StartOwnAsync();
        await SetAsync($"{redis.GetConnectionString()},allowAdmin=true", "requirepass", "the-right-one");

        var result = (await LookAsync($"{redis.GetConnectionString()},password=the-wrong-one")).Of("redis");

        Assert.Equal(CheckState.Failed, result.State);
        Assert.Contains("refuses the login", result.Found, StringComparison.Ordinal);
        Assert.DoesNotContain("the-", result.Found + result.ToDo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_LoginWithTheDocsRights_IsWellAndOneWithFewerIsTold()
    {
        await using var redis = await RedisServer.StartOwnAsync();
        var keys = new RedisKeys(new RedisOptions());
        await AclAsync(redis.GetConnectionString(), $"full on >pw {keys.Pattern} {keys.ChannelPattern} {RedisRights.Rights}");
        await AclAsync(redis.GetConnectionString(), $"without-streams on >pw {keys.Pattern} {keys.ChannelPattern} {RedisRights.Rights} -xadd");
        await AclAsync(redis.GetConnectionString(), $"other-keys on >pw ~shop:* {keys.ChannelPattern} {RedisRights.Rights}");
        await AclAsync(redis.GetConnectionString(), $"without-scripts on >pw {keys.Pattern} {keys.ChannelPattern} {RedisRights.Rights} -@scripting");

        Assert.Equal(CheckState.Ok, (await RightsAsync("full")).State);
        var withoutStreams = await RightsAsync("without-streams");
        Assert.Equal(CheckState.Failed, withoutStreams.State);
        Assert.Contains("XADD {events}:log", withoutStreams.Found, StringComparison.Ordinal);
        Assert.Equal(CheckState.Failed, (await RightsAsync("other-keys")).State);
        Assert.Contains("may not run scripts", (await RightsAsync("without-scripts")).Found, StringComparison.Ordinal);

        async Task<CheckResult> RightsAsync(string user) => (await LookAsync($"{redis.GetConnectionString()},user={user},password=pw")).Of("redis rights");
    }

    [Theory]
    [InlineData(0, nameof(CheckState.Ok))]
    [InlineData(10, nameof(CheckState.Warning))]
    [InlineData(-3600, nameof(CheckState.Failed))]
    public async Task Redis_ClockThatDiffers_IsFound(int ahead, string expected)
    {
        await using var redis = await RedisServer.StartOwnAsync();

        var result = (await LookAsync(redis.GetConnectionString(), new Doctor.AheadTime(TimeSpan.FromSeconds(ahead)))).Of("redis clock");

        Assert.Equal(expected, $"{result.State}");
    }

    [Theory]
    [InlineData("localhost:6379", HealthStatus.Healthy)]
    [InlineData("127.0.0.1:6379,[::1]:6380", HealthStatus.Healthy)]
    [InlineData("redis.shop.example:6380,ssl=true,password=x", HealthStatus.Healthy)]
    [InlineData("redis.shop.example:6379,password=x", HealthStatus.Degraded)]
    [InlineData("redis.shop.example:6379,ssl=true", HealthStatus.Degraded)]
    public void Redis_InTheClearOrOpenOnAnotherMachine_Warns(string connectionString, HealthStatus expected) =>
        Assert.Equal(expected, RedisChecks.Transport(ConfigurationOptions.Parse(connectionString)).Status);

    [Theory]
    [InlineData("7.2.4", "8.0.1", HealthStatus.Healthy, "Valkey 8.0.1 (as Redis 7.2.4).")]
    [InlineData("6.2.14", null, HealthStatus.Healthy, "Redis 6.2.14.")]
    [InlineData("6.0.16", null, HealthStatus.Unhealthy, "Redis 6.0.16 is older than 6.2, the oldest that is supported.")]
    public void Redis_Version_IsJudgedAndNamed(string redis, string? valkey, HealthStatus expected, string found)
    {
        var info = new Dictionary<string, string> { ["redis_version"] = redis };
        if (valkey is not null)
            info["valkey_version"] = valkey;

        var result = RedisChecks.Version(info);

        Assert.Equal((expected, found), (result.Status, result.Description));
    }

    [Fact]
    public async Task Redis_ConnectionStringThatIsNone_SaysSo()
    {
        var results = await LookAsync("localhost:6379,colour=blue");

        Assert.Equal(CheckState.Failed, results.Of("redis").State);
        Assert.Contains("ConnectionStrings:redis", results.Of("redis").Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://user:s3cret@redis.shop.example:6379")]
    [InlineData("localhost:6379,password=ab,s3=cret")]
    [InlineData("localhost:6379,password=ab,c s3cret")]
    public async Task Redis_ConnectionStringWhosePasswordIsMisread_IsRefusedWithoutIt(string connectionString)
    {
        var result = (await LookAsync(connectionString)).Of("redis");

        Assert.Equal(CheckState.Failed, result.State);
        Assert.Contains("cannot be read", result.Found, StringComparison.Ordinal);
        Assert.DoesNotContain("s3", result.Found + result.ToDo, StringComparison.Ordinal);
    }

    // Redis Enterprise, as Azure Managed Redis is, says less of itself.
    [Fact]
    public void Redis_ThatDoesNotSay_IsNotAccused()
    {
        var info = new Dictionary<string, string> { ["used_memory"] = "1048576" };

        Assert.Equal(HealthStatus.Degraded, RedisChecks.Eviction(info).Status);
        Assert.Equal((HealthStatus.Healthy, true), (RedisChecks.Memory(info).Status, RedisChecks.Memory(info).Description!.Contains("portal", StringComparison.Ordinal)));
    }

    private static Task<IReadOnlyList<CheckResult>> LookAsync(string? connectionString, TimeProvider? time = null) => Doctor.RunAsync(
        checks =>
        {
            if (time is not null)
                checks.Services.AddSingleton(time);
            checks.AddRedisDoctor(connectionString);
        },
        [KeyValuePair.Create("ConnectionStrings:redis", connectionString)]);

    private static async Task SetAsync(string connectionString, string setting, string value)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(connectionString);
        await connection.GetServers()[0].ConfigSetAsync(setting, value);
    }

    private static async Task AclAsync(string connectionString, string user)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{connectionString},allowAdmin=true");
        await connection.GetServers()[0].ExecuteAsync("ACL", ["SETUSER", .. user.Split(' ')]);
    }
}
