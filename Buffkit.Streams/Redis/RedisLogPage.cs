using StackExchange.Redis;

namespace Buffkit.Streams;

/// <summary>Reads stream entries as what they are for a cursor: runs of events, and places where something is missing.</summary>
internal static class RedisLogPage
{
    /// <param name="after">The cursor.</param>
    /// <param name="entries">The entries that follow it, in order.</param>
    /// <param name="unreadable">Told of an entry that is no event; it is passed as one that is missing.</param>
    public static IEnumerable<LogRead> Interpret(RedisPosition after, StreamEntry[] entries, Action<FormatException> unreadable)
    {
        if (entries.Length == 0)
            yield break;
        var latest = RedisPosition.Parse(entries[^1].Id).Id;
        var (expected, run) = (after.Next, new List<StreamEvent>());
        foreach (var entry in entries)
        {
            var position = RedisPosition.Parse(entry.Id);
            if (position != expected)
            {
                if (run.Count > 0)
                    yield return new LogRead(LogReadStatus.Found, run, new LogState(run[0].Id, latest));
                run = [];
                var status = position.Epoch == expected.Epoch ? LogReadStatus.Evicted : LogReadStatus.OtherEpoch;
                expected = position.IsEpochMarker ? position.Next : position;
                yield return new LogRead(status, [], new LogState(expected.Id, Later(latest, expected.Previous)));
                if (position.IsEpochMarker)
                    continue;
            }

            expected = position.Next;
            if (Read(entry, position, unreadable) is { } e)
            {
                run.Add(e);
                continue;
            }

            if (run.Count > 0)
                yield return new LogRead(LogReadStatus.Found, run, new LogState(run[0].Id, latest));
            run = [];
            yield return new LogRead(LogReadStatus.Evicted, [], new LogState(expected.Id, Later(latest, position)));
        }

        if (run.Count > 0)
            yield return new LogRead(LogReadStatus.Found, run, new LogState(run[0].Id, latest));
    }

    // The page's last entry, or the cursor that a client is left with where nothing follows.
    private static EventId Later(EventId latest, RedisPosition passed) =>
        latest.Epoch == passed.Id.Epoch && latest.Sequence >= passed.Sequence ? latest : passed.Id;

    private static StreamEvent? Read(StreamEntry entry, RedisPosition position, Action<FormatException> unreadable)
    {
        try
        {
            return RedisLogEntry.Read(position, entry.Values);
        }
        catch (FormatException e)
        {
            unreadable(e);
            return null;
        }
    }
}
