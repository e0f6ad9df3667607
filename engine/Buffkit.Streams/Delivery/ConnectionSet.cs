using System.Collections.Concurrent;

namespace Buffkit.Streams;

/// <summary>The open connections of this server, and who of them asked for a topic.</summary>
internal sealed class ConnectionSet
{
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly TopicIndex<Connection> _index = new();

    public int Count => _connections.Count;

    /// <summary>The connections, as they are while one looks; safe beside changes.</summary>
    public IEnumerable<Connection> All => _connections.Select(static pair => pair.Key);

    /// <summary>Nodes of the topic index; 1 when nobody is subscribed.</summary>
    public int IndexNodes => _index.NodeCount;

    public void Add(Connection connection)
    {
        connection.Registrations = [.. connection.Filters.Select(filter => _index.Add(filter, connection))];
        _connections.TryAdd(connection, true);
    }

    public void Remove(Connection connection)
    {
        if (!_connections.TryRemove(connection, out _))
            return;
        foreach (var registration in connection.Registrations)
            _index.Remove(registration);
        connection.Registrations = [];
    }

    /// <inheritdoc cref="TopicIndex{T}.Match(Topic, List{T})"/>
    public void Match(TailEntry entry, List<Connection> found)
    {
        if (entry.Event is { } e)
            _index.Match(e.Topic, found);
        else
            _index.MatchAll(found);
    }
}
