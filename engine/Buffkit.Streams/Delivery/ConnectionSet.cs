using System.Collections.Concurrent;

namespace Buffkit.Streams;

/// <summary>The open connections of this server, and who of them asked for a topic.</summary>
internal sealed class ConnectionSet
{
    private readonly ConcurrentDictionary<Connection, TopicIndex<Connection>.Registration[]> _connections = new();
    private readonly TopicIndex<Connection> _index = new();

    public int Count => _connections.Count;

    /// <summary>The connections, as they are while one looks; safe beside changes.</summary>
    public IEnumerable<Connection> All => _connections.Select(static pair => pair.Key);

    /// <summary>Nodes of the topic index; 1 when nobody is subscribed.</summary>
    public int IndexNodes => _index.NodeCount;

    public void Add(Connection connection) =>
        _connections.TryAdd(connection, [.. connection.Filters.Select(filter => _index.Add(filter, connection))]);

    public void Remove(Connection connection)
    {
        if (!_connections.TryRemove(connection, out var registrations))
            return;
        foreach (var registration in registrations)
            _index.Remove(registration);
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
