using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// In Redis beside the idempotency keys themselves, protected by Data Protection. Read for each request that needs it, so that
/// all servers agree on another one after it was lost: a retry over that moment is a new request, as its key was lost too.
/// </summary>
internal sealed class RedisFingerprintKey(RedisClient redis, RedisKeys keys, ProtectedKeys protectedKeys, TimeProvider time) : IFingerprintKey
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async ValueTask<byte[]> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stored = await GetStoredAsync(cancellationToken).ConfigureAwait(false);
            if (Read(stored) is { } known)
                return known;
            // Only in the place of what was read: of two servers that do this at once, both take the first one's.
            var made = protectedKeys.Write(EventKey.New(time.GetUtcNow()));
            await redis.AskAsync(
                database =>
                {
                    var transaction = database.CreateTransaction();
                    transaction.AddCondition(
                        stored.IsNull ? Condition.KeyNotExists(keys.FingerprintKey) : Condition.StringEqual(keys.FingerprintKey, stored));
                    _ = transaction.StringSetAsync(keys.FingerprintKey, made);
                    return transaction.ExecuteAsync(RedisClient.Primary);
                },
                Patience,
                cancellationToken).ConfigureAwait(false);
            return Read(await GetStoredAsync(cancellationToken).ConfigureAwait(false))
                ?? throw new KeysUnavailableException(new InvalidOperationException("Another server's key cannot be read."));
        }
        catch (Exception e) when (RedisClient.IsAway(e))
        {
            throw new KeysUnavailableException(e);
        }
    }

    private Task<RedisValue> GetStoredAsync(CancellationToken cancellationToken) =>
        redis.AskAsync(database => database.StringGetAsync(keys.FingerprintKey, RedisClient.Primary), Patience, cancellationToken);

    private byte[]? Read(RedisValue stored) => stored.IsNull ? null : protectedKeys.Read("fingerprint", stored.ToString())?.Secret;
}
