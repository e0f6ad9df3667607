using System.Diagnostics.CodeAnalysis;

namespace Buffkit.Streams;

/// <summary>
/// What was set lately, by key: an entry leaves when it was not set again for its lifetime, or when there are too many and
/// it is the one that was not set for longest. Not safe for concurrent use.
/// </summary>
/// <param name="lifetime">How long an entry stays.</param>
/// <param name="capacity">The most entries.</param>
/// <param name="crowdedOut">Told of an entry that left for want of room.</param>
internal sealed class ExpiringMap<TKey, TValue>(TimeSpan lifetime, int capacity, Action<TValue>? crowdedOut = null)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _byKey = [];
    private readonly LinkedList<Entry> _oldestFirst = new();

    public int Count => _byKey.Count;

    /// <summary>Gets all of it, the oldest first.</summary>
    public IEnumerable<(TKey Key, TValue Value)> Entries => _oldestFirst.Select(entry => (entry.Key, entry.Value));

    public bool TryGet(TKey key, DateTimeOffset now, [MaybeNullWhen(false)] out TValue value)
    {
        RemoveExpired(now);
        var found = _byKey.TryGetValue(key, out var node);
        value = found ? node!.Value.Value : default;
        return found;
    }

    public void Set(TKey key, TValue value, DateTimeOffset now)
    {
        Remove(key);
        RemoveExpired(now);
        if (_byKey.Count >= capacity)
        {
            var oldest = _oldestFirst.First!.Value;
            Remove(oldest.Key);
            crowdedOut?.Invoke(oldest.Value);
        }

        _byKey.Add(key, _oldestFirst.AddLast(new Entry(key, value, now + lifetime)));
    }

    public void Remove(TKey key)
    {
        if (_byKey.Remove(key, out var node))
            _oldestFirst.Remove(node);
    }

    private void RemoveExpired(DateTimeOffset now)
    {
        while (_oldestFirst.First is { } oldest && oldest.Value.Expires <= now)
            Remove(oldest.Value.Key);
    }

    private readonly record struct Entry(TKey Key, TValue Value, DateTimeOffset Expires);
}
