namespace Buffkit.Streams;

/// <summary>
/// Which sessions are on which topics on this server. A session is on so many topics and no more. One whose join would be announced
/// waits while it, or its address, has announced too many lately. Not safe for several threads.
/// </summary>
internal sealed class PresentMembers(PresenceOptions options, Func<Topic, bool> isAnnounced, SecurityMetrics metrics) : IDisposable
{
    private readonly Dictionary<Connection, List<PresenceMember>> _counted = [];
    private readonly Dictionary<PresenceMember, int> _present = [];
    private readonly HashSet<PresenceMember> _new = [];

    // In the order in which they came, as far as none has gone.
    private readonly Dictionary<PresenceMember, (int Connections, string AddressPool)> _waiting = [];
    private readonly Dictionary<string, int> _topicsOfSession = new(StringComparer.Ordinal);

    private readonly Rate _ofSession = new(
        options.AnnouncementsPerMinute, TimeSpan.FromMinutes(1), nameof(options.AnnouncementsPerMinute), "joins a minute");

    private readonly Rate _ofAddress = new(
        options.AnnouncementsPerMinutePerAddress, TimeSpan.FromMinutes(1), nameof(options.AnnouncementsPerMinutePerAddress), "joins a minute from one address");

    /// <summary>Counts a connection on topics.</summary>
    /// <returns>Whether somebody is new somewhere.</returns>
    public bool Add(Connection connection, IEnumerable<PresenceMember> members)
    {
        var counted = new List<PresenceMember>();
        foreach (var member in members)
        {
            if (TryAdd(member, connection.Caller.AddressPool))
                counted.Add(member);
            else
                metrics.Refused(Refusal.Presence);
        }

        if (counted.Count > 0)
            _counted[connection] = counted;
        return _new.Count > 0;
    }

    /// <summary>Counts a connection no longer.</summary>
    public void Remove(Connection connection)
    {
        if (!_counted.Remove(connection, out var counted))
            return;
        foreach (var member in counted)
        {
            if (_present.TryGetValue(member, out var connections))
            {
                if (connections > 1)
                {
                    _present[member] = connections - 1;
                    continue;
                }

                _present.Remove(member);
            }
            else
            {
                var waiting = _waiting[member];
                if (waiting.Connections > 1)
                {
                    _waiting[member] = waiting with { Connections = waiting.Connections - 1 };
                    continue;
                }

                _waiting.Remove(member);
            }

            if (_topicsOfSession[member.Session] > 1)
                _topicsOfSession[member.Session]--;
            else
                _topicsOfSession.Remove(member.Session);
        }
    }

    /// <summary>Takes those that are new since the last time, or all; some of those who waited are among them.</summary>
    public PresenceMember[] Take(bool all)
    {
        var full = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (member, waiting) in _waiting)
        {
            if (full.Contains(waiting.AddressPool))
                continue;
            if (_ofAddress.Take(waiting.AddressPool) is not null)
            {
                full.Add(waiting.AddressPool);
                continue;
            }

            if (_ofSession.Take(member.Session) is not null)
                continue;
            // A dictionary may be emptied while it is walked.
            _waiting.Remove(member);
            _present[member] = waiting.Connections;
            _new.Add(member);
        }

        PresenceMember[] members = all ? [.. _present.Keys] : [.. _new];
        _new.Clear();
        return members;
    }

    public void Dispose()
    {
        _ofSession.Dispose();
        _ofAddress.Dispose();
    }

    private bool TryAdd(PresenceMember member, string addressPool)
    {
        if (_present.TryGetValue(member, out var connections))
        {
            _present[member] = connections + 1;
            _new.Add(member);
            return true;
        }

        if (_waiting.TryGetValue(member, out var waiting))
        {
            _waiting[member] = waiting with { Connections = waiting.Connections + 1 };
            return true;
        }

        var topics = _topicsOfSession.GetValueOrDefault(member.Session);
        if (options.TopicsPerSession > 0 && topics >= options.TopicsPerSession)
            return false;
        _topicsOfSession[member.Session] = topics + 1;
        if (MayAnnounce(member, addressPool))
        {
            _present[member] = 1;
            _new.Add(member);
        }
        else
        {
            _waiting[member] = (1, addressPool);
        }

        return true;
    }

    private bool MayAnnounce(PresenceMember member, string addressPool) =>
        !isAnnounced(member.Topic) || (_ofAddress.Take(addressPool) is null && _ofSession.Take(member.Session) is null);
}
