namespace Buffkit.Streams.Encryption;

/// <summary>
/// Of a server that runs alone, in a file of its own beside the keys: the log that it has in its database remembers requests over a
/// restart.
/// </summary>
/// <param name="store">The file, with one key.</param>
/// <param name="time">The clock.</param>
internal sealed class FileFingerprintKey(FileKeyStore store, TimeProvider time) : IFingerprintKey, IDisposable
{
    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile byte[]? _secret;

    public async ValueTask<byte[]> GetAsync(CancellationToken cancellationToken)
    {
        if (_secret is { } known)
            return known;
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await store.LoadAsync(cancellationToken).ConfigureAwait(false) is [var stored, ..])
                return _secret = stored.Secret;
            var made = EventKey.New(time.GetUtcNow());
            await store.AddAsync(made, cancellationToken).ConfigureAwait(false);
            return _secret = made.Secret;
        }
        finally
        {
            _reading.Release();
        }
    }

    public void Dispose()
    {
        store.Dispose();
        _reading.Dispose();
    }
}
