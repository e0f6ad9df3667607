using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams.Encryption;

/// <summary>The keys of encrypted events: the newest encrypts, older ones are kept as long as their events may be read.</summary>
internal sealed partial class EventKeyRing(
    IEventKeyStore store, IOptions<EncryptionOptions> options, TimeProvider time, ILogger<EventKeyRing> logger) : IDisposable
{
    private readonly EncryptionOptions _options = options.Value;
    private readonly SemaphoreSlim _rotating = new(1, 1);
    private readonly ConcurrentDictionary<string, EventKey> _known = new(StringComparer.Ordinal);
    private volatile EventKey? _current;

    /// <summary>The key for new events; made and stored first where there is none, or the last one is too old.</summary>
    /// <exception cref="KeysUnavailableException">There is none, and the store is away.</exception>
    public async ValueTask<EventKey> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_current is { } current && !IsOver(current))
            return current;
        await _rotating.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_current is { } made && !IsOver(made))
                return made;
            return _current = await RotateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KeysUnavailableException) when (_current is { } old)
        {
            // A key that is a little too old is better than events that cannot be published.
            return old;
        }
        finally
        {
            _rotating.Release();
        }
    }

    /// <summary>
    /// All keys whose events may be read, the newest first; from the store, as another server may have made one just now. What
    /// the store has lost of those that this server knows is put back.
    /// </summary>
    /// <exception cref="KeysUnavailableException">The store is away.</exception>
    public async ValueTask<IReadOnlyList<EventKey>> AllAsync(CancellationToken cancellationToken)
    {
        var keys = await LoadAsync(cancellationToken).ConfigureAwait(false);
        return [.. keys.Where(key => !IsPast(key)).OrderByDescending(key => key.Created)];
    }

    public void Dispose() => _rotating.Dispose();

    private async ValueTask<EventKey> RotateAsync(CancellationToken cancellationToken)
    {
        var keys = await LoadAsync(cancellationToken).ConfigureAwait(false);
        if (keys.Where(IsPast).ToArray() is { Length: > 0 } past)
        {
            await store.RemoveAsync(past, cancellationToken).ConfigureAwait(false);
            Log.Forgotten(logger, past.Length);
        }

        if (keys.MaxBy(key => key.Created) is { } newest && !IsOver(newest))
            return newest;
        var key = EventKey.New(time.GetUtcNow());
        await store.AddAsync(key, cancellationToken).ConfigureAwait(false);
        _known[key.Id] = key;
        Log.Rotated(logger, key.Id);
        return key;
    }

    // A store that was emptied (a flushed Redis) lost the keys of events that the history, or this server's memory, still has.
    private async ValueTask<List<EventKey>> LoadAsync(CancellationToken cancellationToken)
    {
        var keys = (await store.LoadAsync(cancellationToken).ConfigureAwait(false)).ToList();
        foreach (var key in keys)
            _known.TryAdd(key.Id, key);
        foreach (var (id, known) in _known)
        {
            // Past ones are left to whoever removes them: as many keys are known as the store may have.
            if (IsPast(known))
            {
                _known.TryRemove(id, out _);
            }
            else if (!keys.Exists(key => key.Id == id))
            {
                await store.AddAsync(known, cancellationToken).ConfigureAwait(false);
                keys.Add(known);
                Log.PutBack(logger, id);
            }
        }

        return keys;
    }

    private bool IsOver(EventKey key) => time.GetUtcNow() - key.Created >= _options.KeyLifetime;

    private bool IsPast(EventKey key) => time.GetUtcNow() - key.Created >= _options.KeyLifetime + _options.KeepKeysFor;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Events are encrypted with key {Key} from now on.")]
        public static partial void Rotated(ILogger logger, string key);

        [LoggerMessage(2, LogLevel.Information, "{Keys} keys were forgotten, and what they encrypted with them.")]
        public static partial void Forgotten(ILogger logger, int keys);

        [LoggerMessage(3, LogLevel.Warning, "The store had lost key {Key}; it was put back.")]
        public static partial void PutBack(ILogger logger, string key);
    }
}
