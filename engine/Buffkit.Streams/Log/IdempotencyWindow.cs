namespace Buffkit.Streams;

/// <summary>The idempotency keys that a memory log has seen, for a time. Not safe for concurrent use.</summary>
internal sealed class IdempotencyWindow(TimeSpan lifetime, int capacity)
{
    private readonly Dictionary<string, Answer> _answers = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, DateTimeOffset Expires)> _order = new();

    /// <summary>Finds what a request with this key was answered.</summary>
    public AppendResult? Find(Idempotency request, DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.Expires <= now)
            _answers.Remove(_order.Dequeue().Key);
        if (!_answers.TryGetValue(request.Key, out var answer))
            return null;
        return answer.Fingerprint == request.Fingerprint
            ? new AppendResult(AppendStatus.AlreadyAppended, answer.Ids)
            : new AppendResult(AppendStatus.KeyConflict, []);
    }

    public void Remember(Idempotency request, IReadOnlyList<EventId> ids, DateTimeOffset now)
    {
        // When it is full the oldest key is dropped before its time, so that memory stays bounded however many keys are sent.
        if (_order.Count >= capacity)
            _answers.Remove(_order.Dequeue().Key);
        _answers.Add(request.Key, new Answer(request.Fingerprint, ids));
        _order.Enqueue((request.Key, now + lifetime));
    }

    /// <summary>The requests whose events follow one, as far as they are remembered.</summary>
    public IEnumerable<(AppendRequest Request, IReadOnlyList<EventId> Ids)> After(EventId id) =>
        from answer in _answers
        where answer.Value.Ids is [var first, ..] && first.Epoch == id.Epoch && first.Sequence > id.Sequence
        select (new AppendRequest([], new Idempotency(answer.Key, answer.Value.Fingerprint)), answer.Value.Ids);

    private sealed record Answer(string? Fingerprint, IReadOnlyList<EventId> Ids);
}
