using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>The keys that servers share: a hash in Redis.</summary>
internal sealed class RedisKeyStore(IConnectionMultiplexer redis, string keyPrefix, ProtectedKeys protectedKeys) : IEventKeyStore
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly RedisKey _key = keyPrefix + ":event-keys";

    public async ValueTask<IReadOnlyList<EventKey>> LoadAsync(CancellationToken cancellationToken) =>
        [.. (await AskAsync(database => database.HashGetAllAsync(_key), cancellationToken).ConfigureAwait(false))
            .Select(entry => protectedKeys.Read(entry.Name.ToString(), entry.Value.ToString())).OfType<EventKey>()];

    public async ValueTask AddAsync(EventKey key, CancellationToken cancellationToken)
    {
        var text = protectedKeys.Write(key);
        await AskAsync(database => database.HashSetAsync(_key, key.Id, text), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask RemoveAsync(IReadOnlyList<EventKey> keys, CancellationToken cancellationToken) =>
        await AskAsync(database => database.HashDeleteAsync(_key, [.. keys.Select(key => (RedisValue)key.Id)]), cancellationToken).ConfigureAwait(false);

    private async ValueTask<T> AskAsync<T>(Func<IDatabase, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask(redis.GetDatabase()).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new KeysUnavailableException(e);
        }
    }
}
