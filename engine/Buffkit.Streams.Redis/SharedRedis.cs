using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>The Redis that this server shares with others; none where it runs alone.</summary>
internal sealed class SharedRedis : IAsyncDisposable
{
    public SharedRedis(IConnectionMultiplexer? connection, IServiceProvider provider)
    {
        Connection = connection;
        if (connection is not null)
            Client = new RedisClient(connection, provider.GetService<ConfigurationOptions>(), provider.GetRequiredService<TimeProvider>());
    }

    public IConnectionMultiplexer? Connection { get; }

    public RedisClient? Client { get; }

    public ValueTask DisposeAsync() => Client?.DisposeAsync() ?? ValueTask.CompletedTask;
}
