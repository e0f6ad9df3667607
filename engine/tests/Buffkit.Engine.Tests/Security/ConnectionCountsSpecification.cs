using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>What every implementation of connection counts does.</summary>
public abstract class ConnectionCountsSpecification
{
    private protected abstract Task<IConnectionCounts> NewAsync();

    [Fact]
    public async Task Add_UpToTheMaximum_IsTrueThenFalse()
    {
        var counts = await NewAsync();

        Assert.True(await AddAsync(counts, "a", 2));
        Assert.True(await AddAsync(counts, "a", 2));
        Assert.False(await AddAsync(counts, "a", 2));
        Assert.True(await AddAsync(counts, "b", 2));
    }

    [Fact]
    public async Task Remove_One_MakesRoomForOne()
    {
        var counts = await NewAsync();
        await AddAsync(counts, "a", 1);

        counts.Remove("a");

        Assert.True(await AddAsync(counts, "a", 1));
        Assert.False(await AddAsync(counts, "a", 1));
    }

    [Fact]
    public async Task Add_ManyAtOnce_LetsInTheMaximum()
    {
        var counts = await NewAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => AddAsync(counts, "a", 50)));

        Assert.Equal(50, answers.Count(answer => answer));
    }

    private protected static async Task<bool> AddAsync(IConnectionCounts counts, string key, int max) =>
        await counts.TryAddAsync(key, max, TestContext.Current.CancellationToken);
}

public sealed class MemoryConnectionCountsTests : ConnectionCountsSpecification
{
    private protected override Task<IConnectionCounts> NewAsync() => Task.FromResult<IConnectionCounts>(new MemoryConnectionCounts());
}

public sealed class RedisConnectionCountsTests(RedisServer server) : ConnectionCountsSpecification, IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly string _prefix = RedisServer.NewKeyPrefix();
    private ConnectionMultiplexer? _redis;

    [Fact]
    public async Task Counts_OfSeveralServers_AddUp()
    {
        var (one, two) = (await NewServerAsync(), await NewServerAsync());
        await BeatAsync(one, two, one);

        Assert.True(await AddAsync(one, "a", 3));
        Assert.True(await AddAsync(two, "a", 3));
        Assert.True(await AddAsync(one, "a", 3));
        Assert.False(await AddAsync(two, "a", 3));
        one.Remove("a");
        await BeatAsync(one);

        Assert.True(await AddAsync(two, "a", 3));
    }

    [Fact]
    public async Task Counts_OfAServerThatDied_AreNoLongerCounted()
    {
        var (one, dead) = (await NewServerAsync(), await NewServerAsync());
        await BeatAsync(one, dead, one);
        Assert.True(await AddAsync(dead, "a", 1));
        Assert.False(await AddAsync(one, "a", 1));

        _time.Advance(RedisConnectionCounts.NodeLifetime + TimeSpan.FromSeconds(1));
        await BeatAsync(one);

        Assert.True(await AddAsync(one, "a", 1));
    }

    [Fact]
    public async Task Add_ClientThrowsBeforeItSends_GivesThePlaceBack()
    {
        var client = await ConnectionMultiplexer.ConnectAsync(await server.StartAsync());
        var counts = new RedisConnectionCounts(RedisNode.ClientOf(client), RedisNode.KeysOf(_prefix), _time, NullLogger<RedisConnectionCounts>.Instance);
        await client.DisposeAsync();

        // A place that leaked would be the one that there is, and the second call would say so instead of throwing.
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => AddAsync(counts, "a", 1));
    }

    [Fact]
    public async Task Counts_OfAFlushedRedis_AreWrittenAgain()
    {
        var (one, two) = (await NewServerAsync(), await NewServerAsync());
        await BeatAsync(one, two, one);
        Assert.True(await AddAsync(one, "a", 1));

        foreach (var key in _redis!.GetServers()[0].Keys(pattern: _prefix + "*").ToArray())
            await _redis.GetDatabase().KeyDeleteAsync(key);
        await one.BeatAsync(all: true, TestContext.Current.CancellationToken);
        await BeatAsync(two);

        Assert.False(await AddAsync(two, "a", 1));
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    private protected override async Task<IConnectionCounts> NewAsync() => await NewServerAsync();

    private static async Task BeatAsync(params RedisConnectionCounts[] servers)
    {
        foreach (var one in servers)
            await one.BeatAsync(all: false, TestContext.Current.CancellationToken);
    }

    private async Task<RedisConnectionCounts> NewServerAsync()
    {
        _redis ??= await ConnectionMultiplexer.ConnectAsync(await server.StartAsync());
        return new RedisConnectionCounts(RedisNode.ClientOf(_redis), RedisNode.KeysOf(_prefix), _time, NullLogger<RedisConnectionCounts>.Instance);
    }
}
