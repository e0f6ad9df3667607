using System.Collections.Concurrent;

namespace Buffkit.Client;

/// <summary>
/// The keys that the server gave, and those that it did not give. Each is a topic's: whoever may read one topic has its key, and could encrypt an
/// event of another with it.
/// </summary>
internal sealed class KnownKeys(TimeProvider time)
{
    // A key opens one topic's events of one day; more than these are read again when they are needed.
    private const int Most = 1_024;

    // So that a thousand events with a key that nobody has are one request. A key that comes to be is found after this at the latest.
    private static readonly TimeSpan MissLasts = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(string Topic, string Id), byte[]> _keys = new();
    private readonly ConcurrentDictionary<(string Topic, string Id), long> _misses = new();

    public byte[]? Find(string topic, string id) => _keys.GetValueOrDefault((topic, id));

    public bool IsMissed(string topic, string id) => _misses.TryGetValue((topic, id), out var at) && time.GetElapsedTime(at) < MissLasts;

    public void Add(string topic, IReadOnlyCollection<(string Id, byte[] Key)> keys)
    {
        if (_keys.Count > Most)
            _keys.Clear();
        foreach (var (id, key) in keys)
            _keys[(topic, id)] = key;
    }

    public void Miss(string topic, string id)
    {
        if (_misses.Count >= Most)
            _misses.Clear();
        _misses[(topic, id)] = time.GetTimestamp();
    }
}
