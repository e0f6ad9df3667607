using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>
/// In Redis beside the idempotency keys themselves, protected by Data Protection. Read for each request that needs it, so that
/// all servers agree on another one after it was lost: a retry over that moment is a new request, as its key was lost too.
/// </summary>
internal sealed class RedisFingerprintKey(IConnectionMultiplexer redis, string keyPrefix, ProtectedKeys protectedKeys, TimeProvider time) : IFingerprintKey
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly RedisKey _key = keyPrefix + ":fingerprint-key";

    public async ValueTask<byte[]> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            var database = redis.GetDatabase();
            var stored = await database.StringGetAsync(_key).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
            if (Read(stored) is { } known)
                return known;
            // Only in the place of what was read: of two servers that do this at once, both take the first one's.
            var transaction = database.CreateTransaction();
            transaction.AddCondition(stored.IsNull ? Condition.KeyNotExists(_key) : Condition.StringEqual(_key, stored));
            _ = transaction.StringSetAsync(_key, protectedKeys.Write(EventKey.New(time.GetUtcNow())));
            await transaction.ExecuteAsync().WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
            return Read(await database.StringGetAsync(_key).WaitAsync(Patience, cancellationToken).ConfigureAwait(false))
                ?? throw new KeysUnavailableException(new InvalidOperationException("Another server's key cannot be read."));
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new KeysUnavailableException(e);
        }
    }

    private byte[]? Read(RedisValue stored) => stored.IsNull ? null : protectedKeys.Read("fingerprint", stored.ToString())?.Secret;
}
