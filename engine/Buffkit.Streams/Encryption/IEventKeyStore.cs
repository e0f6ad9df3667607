namespace Buffkit.Streams;

/// <summary>
/// Where the servers keep their keys. No lock is needed: two servers that make a key at once have two good keys, and each of
/// the servers finds both.
/// </summary>
internal interface IEventKeyStore
{
    /// <summary>All keys, in no order.</summary>
    /// <exception cref="KeysUnavailableException">The store is away.</exception>
    ValueTask<IReadOnlyList<EventKey>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Adds a key; it may be used once this is complete.</summary>
    /// <exception cref="KeysUnavailableException">The store is away.</exception>
    ValueTask AddAsync(EventKey key, CancellationToken cancellationToken);

    /// <summary>Forgets keys for good.</summary>
    /// <exception cref="KeysUnavailableException">The store is away.</exception>
    ValueTask RemoveAsync(IReadOnlyList<EventKey> keys, CancellationToken cancellationToken);
}

/// <summary>The keys of events cannot be read or written now.</summary>
internal sealed class KeysUnavailableException(Exception inner) : Exception("The keys of encrypted events are out of reach.", inner);
