using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>Stream entries as what they are for a cursor: runs of events, and places where something is missing.</summary>
internal sealed class RedisLogPage
{
    private readonly Action<FormatException> _unreadable;
    private readonly EventId _latest;
    private List<StreamEvent> _run = [];
    private RedisPosition _expected;

    /// <param name="after">The cursor; its stamp 0 where it is a client's.</param>
    /// <param name="entries">The entries that follow it, in order.</param>
    /// <param name="unreadable">Told of an entry that is no event; it is passed as one that is missing.</param>
    public RedisLogPage(RedisEntry after, StreamEntry[] entries, Action<FormatException> unreadable)
    {
        _unreadable = unreadable;
        _expected = after.Position.Next;
        Last = after;
        if (entries.Length == 0)
            return;
        _latest = RedisPosition.Parse(entries[^1].Id).Id;
        foreach (var entry in entries)
        {
            IsBroken = !Follows(entry);
            if (IsBroken)
                break;
            Take(entry);
        }

        EndRun();
    }

    public List<LogRead> Reads { get; } = [];

    /// <summary>The last entry that was taken.</summary>
    public RedisEntry Last { get; private set; }

    /// <summary>The stream goes on with an entry that came after another than the last one taken: it went back, and went on otherwise.</summary>
    public bool IsBroken { get; }

    private bool Follows(StreamEntry entry) =>
        RedisPosition.Parse(entry.Id) != _expected || Last.Stamp == 0 || RedisLogEntry.After(entry.Values) is not { } after || after == Last.Stamp;

    private void Take(StreamEntry entry)
    {
        Last = RedisEntry.Of(entry);
        var position = Last.Position;
        if (position != _expected)
        {
            var status = position.Epoch == _expected.Epoch ? LogReadStatus.Evicted : LogReadStatus.OtherEpoch;
            Miss(status, position.IsEpochMarker ? position.Next : position);
            if (position.IsEpochMarker)
                return;
        }

        _expected = position.Next;
        try
        {
            _run.Add(RedisLogEntry.Read(position, entry.Values));
        }
        catch (FormatException e)
        {
            _unreadable(e);
            Miss(LogReadStatus.Evicted, position.Next);
        }
    }

    private void Miss(LogReadStatus status, RedisPosition next)
    {
        EndRun();
        _expected = next;
        var before = next.Previous.Id;
        // The page's last entry, or the cursor that a client is left with where nothing follows.
        var latest = _latest.Epoch == before.Epoch && _latest.Sequence >= before.Sequence ? _latest : before;
        Reads.Add(new LogRead(status, [], new LogState(next.Id, latest)));
    }

    private void EndRun()
    {
        if (_run.Count == 0)
            return;
        Reads.Add(new LogRead(LogReadStatus.Found, _run, new LogState(_run[0].Id, _latest)));
        _run = [];
    }
}
