namespace Buffkit.Streams;

/// <summary>The newest number of each producer that a memory log has seen. Not safe for concurrent use.</summary>
internal sealed class ProducerNumbers
{
    // There are as many as there are outboxes: a few. Whoever names more loses the one that was not heard of for longest.
    private const int Capacity = 1_024;

    private readonly Dictionary<string, (ProducerSequence Newest, IReadOnlyList<EventId> Ids)> _newest = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _oldestFirst = new();

    /// <summary>Finds what a request is to be answered that was taken before, or was overtaken.</summary>
    /// <returns><see langword="null"/> for one that is to be appended.</returns>
    public AppendResult? Find(ProducerSequence request)
    {
        if (!_newest.TryGetValue(request.Producer, out var known) || known.Newest.Number < request.Number)
            return null;
        return known.Newest == request
            ? new AppendResult(AppendStatus.AlreadyAppended, known.Ids)
            : new AppendResult(AppendStatus.Overtaken, []) { ProducerNumber = known.Newest.Number };
    }

    /// <summary>The requests whose events follow one.</summary>
    public IEnumerable<(AppendRequest Request, IReadOnlyList<EventId> Ids)> After(EventId id) =>
        from known in _newest.Values
        where known.Ids is [var first, ..] && first.Epoch == id.Epoch && first.Sequence > id.Sequence
        select (new AppendRequest([], Producer: known.Newest), known.Ids);

    public void Remember(ProducerSequence request, IReadOnlyList<EventId> ids)
    {
        if (_newest.ContainsKey(request.Producer))
        {
            _oldestFirst.Remove(request.Producer);
        }
        else if (_newest.Count >= Capacity)
        {
            _newest.Remove(_oldestFirst.First!.Value);
            _oldestFirst.RemoveFirst();
        }

        _newest[request.Producer] = (request, ids);
        _oldestFirst.AddLast(request.Producer);
    }
}
