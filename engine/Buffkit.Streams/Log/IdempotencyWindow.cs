namespace Buffkit.Streams;

/// <summary>The idempotency keys that a memory log has seen, for a time. Not safe for concurrent use.</summary>
internal sealed class IdempotencyWindow(TimeSpan lifetime, int capacity)
{
    // Full, it drops the oldest before its time, so that memory stays bounded however many keys are sent.
    private readonly ExpiringMap<string, Answer> _answers = new(lifetime, capacity);

    /// <summary>Finds what a request with this key was answered.</summary>
    public AppendResult? Find(Idempotency request, DateTimeOffset now)
    {
        if (!_answers.TryGet(request.Key, now, out var answer))
            return null;
        return answer.Fingerprint == request.Fingerprint
            ? new AppendResult(AppendStatus.AlreadyAppended, answer.Ids)
            : new AppendResult(AppendStatus.KeyConflict, []);
    }

    public void Remember(Idempotency request, IReadOnlyList<EventId> ids, DateTimeOffset now) =>
        _answers.Set(request.Key, new Answer(request.Fingerprint, ids), now);

    /// <summary>The requests whose events follow one, as far as they are remembered.</summary>
    public IEnumerable<(AppendRequest Request, IReadOnlyList<EventId> Ids)> After(EventId id) =>
        from entry in _answers.Entries
        where entry.Value.Ids is [var first, ..] && first.Epoch == id.Epoch && first.Sequence > id.Sequence
        select (new AppendRequest([], new Idempotency(entry.Key, entry.Value.Fingerprint)), entry.Value.Ids);

    private sealed record Answer(string? Fingerprint, IReadOnlyList<EventId> Ids);
}
