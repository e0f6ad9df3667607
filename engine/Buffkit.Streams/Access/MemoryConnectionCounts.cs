using System.Runtime.InteropServices;

namespace Buffkit.Streams;

/// <summary>The counts of a server that runs alone: as many as there are open connections, none left over.</summary>
internal sealed class MemoryConnectionCounts : IConnectionCounts
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public int Keys
    {
        get
        {
            lock (_gate)
                return _counts.Count;
        }
    }

    public ValueTask<bool> TryAddAsync(string key, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _);
            if (count < max)
            {
                count++;
                return ValueTask.FromResult(true);
            }

            if (count == 0)
                _counts.Remove(key);
            return ValueTask.FromResult(false);
        }
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            if (_counts.TryGetValue(key, out var count) && count > 1)
                _counts[key] = count - 1;
            else
                _counts.Remove(key);
        }
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
