using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>The keys that servers share: a hash in Redis.</summary>
internal sealed class RedisKeyStore(RedisClient redis, RedisKeys keys, ProtectedKeys protectedKeys) : IEventKeyStore
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async ValueTask<IReadOnlyList<EventKey>> LoadAsync(CancellationToken cancellationToken) =>
        [.. (await AskAsync(database => database.HashGetAllAsync(keys.EventKeys, RedisClient.Primary), cancellationToken).ConfigureAwait(false))
            .Select(entry => protectedKeys.Read(entry.Name.ToString(), entry.Value.ToString())).OfType<EventKey>()];

    public async ValueTask AddAsync(EventKey key, CancellationToken cancellationToken)
    {
        var text = protectedKeys.Write(key);
        await AskAsync(database => database.HashSetAsync(keys.EventKeys, key.Id, text, flags: RedisClient.Primary), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask RemoveAsync(IReadOnlyList<EventKey> old, CancellationToken cancellationToken) =>
        await AskAsync(database => database.HashDeleteAsync(keys.EventKeys, [.. old.Select(key => (RedisValue)key.Id)], RedisClient.Primary), cancellationToken).ConfigureAwait(false);

    private async ValueTask<T> AskAsync<T>(Func<IDatabase, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await redis.AskAsync(ask, Patience, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            throw new KeysUnavailableException(e);
        }
    }
}
