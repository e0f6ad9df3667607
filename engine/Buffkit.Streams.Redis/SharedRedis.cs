using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>The Redis that this server shares with others; none where it runs alone.</summary>
internal sealed class SharedRedis : IAsyncDisposable
{
    private readonly bool _isOwn;

    public SharedRedis(IConnectionMultiplexer? connection, IServiceProvider provider, bool isOwn = false)
    {
        (Connection, _isOwn) = (connection, isOwn);
        if (connection is null)
            return;
        // How the application made its client, where this is that client: of another one they would lead to another Redis.
        var options = ReferenceEquals(connection, provider.GetService<IConnectionMultiplexer>()) ? provider.GetService<ConfigurationOptions>() : null;
        Client = new RedisClient(connection, options, provider.GetRequiredService<TimeProvider>());
    }

    public IConnectionMultiplexer? Connection { get; }

    public RedisClient? Client { get; }

    public async ValueTask DisposeAsync()
    {
        if (Client is not null)
            await Client.DisposeAsync().ConfigureAwait(false);
        if (_isOwn)
            await Connection!.DisposeAsync().ConfigureAwait(false);
    }
}
