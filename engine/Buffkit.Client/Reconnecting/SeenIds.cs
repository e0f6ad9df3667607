namespace Buffkit.Client;

/// <summary>The ids of the newest events, so that what comes again is known.</summary>
internal sealed class SeenIds(int capacity)
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <returns>Whether it is new.</returns>
    public bool Add(string id)
    {
        if (capacity == 0)
            return true;
        if (!_ids.Add(id))
            return false;
        _order.Enqueue(id);
        if (_order.Count > capacity)
            _ids.Remove(_order.Dequeue());
        return true;
    }

    public void Clear()
    {
        _ids.Clear();
        _order.Clear();
    }
}
