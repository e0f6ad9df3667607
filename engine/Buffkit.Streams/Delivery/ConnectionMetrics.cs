using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>Instruments of connections: how many are open, how they began, what waits for them.</summary>
internal sealed class ConnectionMetrics : IConnectionObserver
{
    private static readonly string[] TransportNames = ["sse", "websocket", "long_poll"];
    private static readonly string[] OutcomeNames = ["new", "recovered", "gap"];

    // Boxed once: a tag's value is an object.
    private static readonly KeyValuePair<string, object?>[] Transports = Tags(StreamsTelemetry.TransportTag, TransportNames);
    private static readonly KeyValuePair<string, object?>[] Outcomes = Tags(StreamsTelemetry.OutcomeTag, OutcomeNames);

    private readonly ConnectionSet _connections;
    private readonly Counter<long> _opened;
    private readonly long[] _open = new long[TransportNames.Length];

    // The factory keeps one meter per name, and disposes of it.
    public ConnectionMetrics(IMeterFactory meters, ConnectionSet connections)
    {
        _connections = connections;
        var meter = meters.Create(StreamsTelemetry.MeterName);
        meter.CreateObservableUpDownCounter(StreamsTelemetry.Connections, Open, "{connection}", "Open connections.");
        _opened = meter.CreateCounter<long>(StreamsTelemetry.ConnectionsOpened, "{connection}", "Streams that began.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.Sessions, () => CountSessions(), "{session}", "Sessions with a connection.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.QueueEvents, () => Waiting().Events, "{event}", "Events that wait for live connections.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.QueueBytes, () => Waiting().Bytes, "By", "Bytes that wait for live connections.");
        meter.CreateObservableGauge(
            StreamsTelemetry.SessionMemory, () => CountSessions() is > 0 and var sessions ? Waiting().Bytes / sessions : 0, "By", "Bytes that wait for a session on average.");
    }

    public void Opened(Connection connection)
    {
        var (transport, outcome) = (connection.Caller.Transport, connection.Caller.Outcome);
        Interlocked.Increment(ref _open[(int)transport]);
        if (!connection.IsPoll)
            _opened.Add(1, Transports[(int)transport], Outcomes[(int)outcome]);
    }

    public void Closed(Connection connection) => Interlocked.Decrement(ref _open[(int)connection.Caller.Transport]);

    private static KeyValuePair<string, object?>[] Tags(string tag, string[] values) => Array.ConvertAll(values, value => KeyValuePair.Create(tag, (object?)value));

    private IEnumerable<Measurement<long>> Open() => _open.Select((_, transport) => new Measurement<long>(Interlocked.Read(ref _open[transport]), Transports[transport]));

    // Looked up when someone collects, which is seldom.
    private long CountSessions() => _connections.All.Select(connection => connection.Session).Distinct().Count();

    private (long Events, long Bytes) Waiting()
    {
        var (events, bytes) = (0L, 0L);
        foreach (var connection in _connections.All)
        {
            var waiting = connection.Waiting;
            events += waiting.Events;
            bytes += waiting.Bytes;
        }

        return (events, bytes);
    }
}
