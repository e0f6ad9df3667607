namespace Buffkit.Streams;

/// <summary>What is to be done about a connection that is behind; nothing where it goes on as it is.</summary>
/// <param name="IsClosed">It is closed.</param>
/// <param name="SkipTo">It jumps to this entry, the newest that waits for it.</param>
internal readonly record struct SlowVerdict(bool IsClosed, TailEntry? SkipTo);

/// <summary>
/// Judges a connection that fell behind, by <see cref="DeliveryOptions.Policy"/>. Whatever the policy, it first goes on by its
/// cursor: a burst, or a moment without a processor, is no fault of its client. The client is slow when it is still behind after
/// <see cref="DeliveryOptions.Patience"/>, has taken all that was there at first, and again too much waits.
/// </summary>
/// <param name="connection">Whose client it is.</param>
/// <param name="context">What all connections share.</param>
/// <param name="judgeAt">Place in the tail of what was there when the connection fell behind.</param>
internal sealed class SlowClient(Connection connection, DeliveryContext context, long judgeAt)
{
    // Entries that are looked ahead at a time for conflation; bounds the memory and the time of one look.
    private const int ConflationWindow = 1_024;

    private readonly long _behindSince = context.Time.GetTimestamp();
    private long _judgeAt = judgeAt;
    private Dictionary<(Topic Topic, string Key), long>? _newestByKey;
    private long _windowEnd;

    /// <summary>Judges, if it is time to.</summary>
    /// <param name="index">Where the connection stands in the tail.</param>
    public SlowVerdict Judge(long index)
    {
        if (index < _judgeAt || context.Time.GetElapsedTime(_behindSince) < context.Options.Patience)
            return default;
        _judgeAt = context.Tail.Head;
        var policy = context.Options.Policy;
        if (policy is DeliveryPolicy.CatchUp || !TooMuchWaits(index, out var newest, out var events))
            return default;

        context.Metrics.FellBehind(policy);
        switch (policy)
        {
            case DeliveryPolicy.Skip:
                context.Metrics.Dropped(policy, events - 1);
                return new SlowVerdict(false, newest);
            case DeliveryPolicy.Disconnect:
                context.Metrics.Evicted(Eviction.Policy);
                return new SlowVerdict(true, null);
            default:
                _newestByKey ??= [];
                return default;
        }
    }

    /// <summary>Whether an entry is left out because a newer one with its key waits. Asked once for each.</summary>
    public bool IsSuperseded(TailEntry entry)
    {
        // Only the tail is looked ahead in; an entry from behind it has no index there.
        if (_newestByKey is null || entry.Index == 0 || entry.Event is not { Key: { } key } e)
            return false;
        if (entry.Index > _windowEnd)
            LookAhead(entry.Index, _newestByKey);
        if (!_newestByKey.TryGetValue((e.Topic, key), out var newest) || newest <= entry.Index)
            return false;
        context.Metrics.Dropped(DeliveryPolicy.Conflate, 1);
        return true;
    }

    private bool TooMuchWaits(long passed, out TailEntry? newest, out int events)
    {
        newest = null;
        (var bytes, events) = (0L, 0);
        for (var index = passed + 1; context.Tail.Read(index, out var entry) is TailRead.Found; index++)
        {
            if (entry.Event is not { } e || !connection.Matches(e.Topic))
                continue;
            bytes += entry.Size;
            events++;
            newest = entry;
        }

        // One event alone may be larger than that; there is nothing to leave out.
        return bytes > context.Options.MaxPendingBytes && events > 1;
    }

    private void LookAhead(long from, Dictionary<(Topic Topic, string Key), long> newestByKey)
    {
        newestByKey.Clear();
        _windowEnd = Math.Min(context.Tail.Head, from + ConflationWindow - 1);
        for (var index = from; index <= _windowEnd; index++)
        {
            if (context.Tail.Read(index, out var entry) is TailRead.Found && entry.Event is { Key: { } key } e && connection.Matches(e.Topic))
                newestByKey[(e.Topic, key)] = index;
        }
    }
}
