using System.Diagnostics.Metrics;

namespace Buffkit.Streams;

/// <summary>Instruments of connections: how many are open, how they began, what waits for them.</summary>
internal sealed class ConnectionMetrics : IConnectionObserver
{
    // In the order of their enumerations.
    private static readonly string[] TransportNames = ["sse", "websocket", "long_poll"];
    private static readonly string[] OutcomeNames = ["new", "recovered", "gap"];

    // Boxed once: a tag's value is an object.
    private static readonly KeyValuePair<string, object?>[] Transports = Tags(StreamsTelemetry.TransportTag, TransportNames);
    private static readonly KeyValuePair<string, object?>[] Outcomes = Tags(StreamsTelemetry.OutcomeTag, OutcomeNames);

    // One collection asks for several of these, and walks all connections once.
    private static readonly TimeSpan LookLasts = TimeSpan.FromMilliseconds(500);

    private readonly ConnectionSet _connections;
    private readonly TimeProvider _time;
    private readonly Counter<long> _opened;
    private readonly long[] _open = new long[TransportNames.Length];
    private readonly Lock _looking = new();
    private readonly HashSet<SessionId> _sessions = [];
    private (long Sessions, long Events, long Bytes) _seen;
    private long? _lookedAt;

    // The factory keeps one meter per name, and disposes of it.
    public ConnectionMetrics(IMeterFactory meters, ConnectionSet connections, TimeProvider time)
    {
        (_connections, _time) = (connections, time);
        var meter = meters.Create(StreamsTelemetry.MeterName);
        meter.CreateObservableUpDownCounter(StreamsTelemetry.Connections, Open, "{connection}", "Open connections.");
        _opened = meter.CreateCounter<long>(StreamsTelemetry.ConnectionsOpened, "{connection}", "Streams that began.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.Sessions, () => Look().Sessions, "{session}", "Sessions with a connection.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.QueueEvents, () => Look().Events, "{event}", "Events that wait for live connections.");
        meter.CreateObservableUpDownCounter(StreamsTelemetry.QueueBytes, () => Look().Bytes, "By", "Bytes that wait for live connections.");
        meter.CreateObservableGauge(
            StreamsTelemetry.SessionMemory, () => Look() is { Sessions: > 0 } look ? look.Bytes / look.Sessions : 0, "By", "Bytes that wait for a session on average.");
    }

    public void Opened(Connection connection)
    {
        var (transport, outcome) = (connection.Caller.Transport, connection.Caller.Outcome);
        Interlocked.Increment(ref _open[(int)transport]);
        if (!connection.IsPoll)
            _opened.Add(1, Transports[(int)transport], Outcomes[(int)outcome]);
    }

    /// <summary>What tags call a transport.</summary>
    public static string Name(StreamTransport transport) => TransportNames[(int)transport];

    /// <summary>What tags call an outcome.</summary>
    public static string Name(StreamOutcome outcome) => OutcomeNames[(int)outcome];

    public void Closed(Connection connection) => Interlocked.Decrement(ref _open[(int)connection.Caller.Transport]);

    private static KeyValuePair<string, object?>[] Tags(string tag, string[] values) => Array.ConvertAll(values, value => KeyValuePair.Create(tag, (object?)value));

    private IEnumerable<Measurement<long>> Open() => _open.Select((_, transport) => new Measurement<long>(Interlocked.Read(ref _open[transport]), Transports[transport]));

    private (long Sessions, long Events, long Bytes) Look()
    {
        lock (_looking)
        {
            if (_lookedAt is { } at && _time.GetElapsedTime(at) < LookLasts)
                return _seen;
            var (events, bytes) = (0L, 0L);
            foreach (var connection in _connections.All)
            {
                var waiting = connection.Waiting;
                events += waiting.Events;
                bytes += waiting.Bytes;
                _sessions.Add(connection.Session);
            }

            _seen = (_sessions.Count, events, bytes);
            _sessions.Clear();
            _lookedAt = _time.GetTimestamp();
            return _seen;
        }
    }
}
