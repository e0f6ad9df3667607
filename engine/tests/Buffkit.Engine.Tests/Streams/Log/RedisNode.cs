using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>A Redis log with connections of its own, as a server has them.</summary>
internal sealed class RedisNode : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _redis;
    private readonly RedisClient _connections;

    private RedisNode(ConnectionMultiplexer redis, string prefix, LogOptions options)
    {
        _redis = redis;
        _connections = new RedisClient(redis, null, TimeProvider.System);
        var redisOptions = new RedisOptions { KeyPrefix = prefix };
        Keys = new RedisKeys(redisOptions);
        Connections = _connections;
        Log = new RedisEventLog(
            _connections,
            Keys,
            new RedisAvailability(TimeProvider.System, NullLogger<RedisAvailability>.Instance),
            new RedisMemory(TimeProvider.System, NullLogger<RedisMemory>.Instance),
            options,
            redisOptions,
            TimeProvider.System,
            NullLogger<RedisEventLog>.Instance);
    }

    public string ConnectionString => _redis.Configuration;

    public RedisEventLog Log { get; }

    public RedisKeys Keys { get; }

    public RedisClient Connections { get; }

    public IDatabase Database => _redis.GetDatabase();

    public static RedisClient ClientOf(IConnectionMultiplexer connection) => new(connection, null, TimeProvider.System);

    public static RedisKeys KeysOf(string prefix) => new(new RedisOptions { KeyPrefix = prefix });

    public static async Task<RedisNode> ConnectAsync(string connectionString, string prefix, LogOptions? options = null) =>
        new(await ConnectionMultiplexer.ConnectAsync(connectionString), prefix, options ?? new LogOptions());

    public async ValueTask DisposeAsync()
    {
        await _connections.DisposeAsync();
        await _redis.DisposeAsync();
    }
}
