namespace Buffkit.Streams;

/// <content>
/// What happens to a connection that does not keep up. It first falls back to its cursor, whatever its policy: a burst, or a
/// moment without a processor, is no fault of its client. When it is still behind after <see cref="DeliveryOptions.Patience"/>,
/// has taken all that was there at first, and again too much waits, its client is slow.
/// </content>
internal sealed partial class Connection
{
    // Entries that are looked ahead at a time for conflation; bounds the memory and the time of one look.
    private const int ConflationWindow = 1_024;

    // The delivery loop's own, all of it.
    private long _judgeAt;
    private long _behindSince;
    private bool _conflating;
    private Dictionary<(Topic Topic, string Key), long>? _newestByKey;
    private long _windowEnd;

    private bool IsToBeJudged =>
        _judgeAt > 0 && _index >= _judgeAt && _context.Time.GetElapsedTime(_behindSince) >= _context.Options.Patience;

    /// <returns>Whether the loop has a last word to say.</returns>
    private bool ApplyPolicy(FrameSink sink)
    {
        _judgeAt = _context.Tail.Head;
        var policy = _context.Options.Policy;
        if (policy is DeliveryPolicy.CatchUp || !TooMuchWaits(out var newest))
            return false;

        _context.Metrics.FellBehind(policy);
        switch (policy)
        {
            case DeliveryPolicy.Skip:
                WriteGap(new Gap(_cursor.ToString(), newest!.Id, GapReason.Limit), sink);
                _index = newest.Index - 1;
                return false;
            case DeliveryPolicy.Disconnect:
                RequestClose(new StreamClose(CloseReason.Slow, _context.Options.DisconnectRetry));
                return true;
            default:
                _conflating = true;
                return false;
        }
    }

    private void ForgetPolicy()
    {
        _judgeAt = 0;
        _conflating = false;
        _newestByKey = null;
    }

    private bool TooMuchWaits(out TailEntry? newest)
    {
        newest = null;
        var bytes = 0L;
        for (var index = _index + 1; _context.Tail.Read(index, out var entry) is TailRead.Found; index++)
        {
            if (entry.Event is not { } e || !Matches(e.Topic))
                continue;
            bytes += entry.Size;
            newest = entry;
        }

        return bytes > _context.Options.MaxPendingBytes;
    }

    private bool IsSuperseded(TailEntry entry)
    {
        if (!_conflating || entry.Event is not { Key: { } key } e)
            return false;
        if (_newestByKey is null || entry.Index > _windowEnd)
            LookAhead(entry.Index);
        return _newestByKey!.TryGetValue((e.Topic, key), out var newest) && newest > entry.Index;
    }

    private void LookAhead(long from)
    {
        _newestByKey ??= [];
        _newestByKey.Clear();
        _windowEnd = Math.Min(_context.Tail.Head, from + ConflationWindow - 1);
        for (var index = from; index <= _windowEnd; index++)
        {
            if (_context.Tail.Read(index, out var entry) is TailRead.Found && entry.Event is { Key: { } key } e && Matches(e.Topic))
                _newestByKey[(e.Topic, key)] = index;
        }
    }
}
