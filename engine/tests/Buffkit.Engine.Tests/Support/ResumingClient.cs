using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>
/// A client as browsers are: it comes back with its last id, to whichever server is next, however often it is cut; drops
/// repeats, and notes what it is told.
/// </summary>
public sealed class ResumingClient : IAsyncDisposable
{
    // A browser's own delay would make the test long; the server's wish is asserted elsewhere.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Func<int, Uri> _server;
    private readonly string _query;
    private readonly Task _running;
    private readonly List<(string Id, string Data)> _events = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<(int Before, string Reason)> _gaps = [];
    private CancellationTokenSource _connection = new();
    private int _opened;
    private int _repeats;

    /// <param name="server">The server for a connection, by its number.</param>
    /// <param name="topic">What to subscribe to.</param>
    public ResumingClient(Func<int, Uri> server, string topic)
    {
        _server = server;
        _query = $"/events?topic={Uri.EscapeDataString(topic)}";
        _running = Task.Run(RunAsync);
    }

    /// <summary>The last id received.</summary>
    public string? LastId { get; private set; }

    /// <summary>Connections that were answered with <c>stream.open</c>.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Events that came again and were dropped.</summary>
    public int Repeats => Volatile.Read(ref _repeats);

    public int Count
    {
        get
        {
            lock (_gate)
                return _events.Count;
        }
    }

    public (string Id, string Data)[] Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    /// <summary>The gaps told, each with the number of events received before it.</summary>
    public (int Before, string Reason)[] Gaps
    {
        get
        {
            lock (_gate)
                return [.. _gaps];
        }
    }

    /// <summary>Loses the network for a moment.</summary>
    public void Cut()
    {
        lock (_gate)
            _connection.Cancel();
    }

    public Task OpenedAsync(int times = 1) => Eventually.TrueAsync(() => Opened >= times, $"{times} connections, had {Opened}", TimeSpan.FromSeconds(60));

    public Task ReceivedAsync(int count, TimeSpan? patience = null) =>
        Eventually.TrueAsync(() => Count >= count, $"{count} events", patience ?? TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _connection.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var connection = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            lock (_gate)
            {
                _connection.Dispose();
                _connection = connection;
            }

            try
            {
                await ReadAsync(_server(number), connection.Token);
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or IOException or OperationCanceledException)
            {
                // Cut, refused, or the server is gone: come back.
            }

            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(Uri server, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, _query));
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (LastId is { } last)
            request.Headers.Add("Last-Event-ID", last);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            return;
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var parser = SseParser.Create(body);
        await foreach (var item in parser.EnumerateAsync(cancellationToken))
            Take(item, parser.LastEventId);
    }

    private void Take(SseItem<string> item, string lastId)
    {
        if (lastId.Length > 0)
            LastId = lastId;
        switch (item.EventType)
        {
            case "stream.open":
                Interlocked.Increment(ref _opened);
                break;
            case "stream.live" or "stream.close" or "stream.heartbeat":
                break;
            case "stream.gap":
                lock (_gate)
                    _gaps.Add((_events.Count, JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("reason").GetString()!));
                break;
            default:
                lock (_gate)
                {
                    if (_ids.Add(item.EventId!))
                        _events.Add((item.EventId!, item.Data));
                    else
                        _repeats++;
                }

                break;
        }
    }
}
