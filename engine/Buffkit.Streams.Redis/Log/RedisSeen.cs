using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// What this server has seen of the stream, by whichever way: the newest entry that it knows to have been there is what a stream
/// that lost events is known by.
/// </summary>
internal sealed class RedisSeen
{
    private readonly Lock _gate = new();
    private RedisPosition _oldest;
    private RedisEntry _newest;

    public LogState State
    {
        get
        {
            lock (_gate)
                return _newest == default ? default : new LogState(_oldest.Id, _newest.Position.Id);
        }
    }

    public RedisEntry Newest
    {
        get
        {
            lock (_gate)
                return _newest;
        }
    }

    /// <summary>The log was asked where it stands.</summary>
    public LogState Add(RedisPosition oldest, RedisEntry newest)
    {
        lock (_gate)
        {
            if (newest.Position >= _newest.Position)
                (_oldest, _newest) = (oldest, newest);
        }

        return new LogState(oldest.Id, newest.Position.Id);
    }

    /// <summary>An entry was read or appended.</summary>
    public void Add(RedisEntry entry)
    {
        lock (_gate)
        {
            if (entry.Position <= _newest.Position)
                return;
            if (entry.Position.Epoch != _newest.Position.Epoch)
                _oldest = entry.Position with { Sequence = 1 };
            _newest = entry;
        }
    }
}

/// <summary>An entry without its event.</summary>
/// <param name="Position">Its id.</param>
/// <param name="Stamp">When Redis took it, in microseconds since 1970: tells it from another with the same id. 0 where unknown.</param>
internal readonly record struct RedisEntry(RedisPosition Position, long Stamp)
{
    public static RedisEntry Of(StreamEntry entry) => new(RedisPosition.Parse(entry.Id), RedisLogEntry.Stamp(entry.Values));
}
