using Buffkit.Client;
using Buffkit.Streams;

namespace Buffkit.Benchmarks;

/// <summary>A subscriber of everything, over one transport, that keeps what it was given.</summary>
internal sealed class ChaosClient : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly EventStreamClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Task _reading;
    private List<ChaosEntry> _history = [];

    /// <param name="name">How reports call it.</param>
    /// <param name="address">Where the load balancer is.</param>
    /// <param name="transport">The one transport that it uses.</param>
    /// <param name="after">Where it begins; by default with what comes next.</param>
    public ChaosClient(string name, Uri address, EventStreamTransport transport, string? after)
    {
        Name = name;
        _http = new HttpClient(EventStreamClient.CreateHandler()) { BaseAddress = address };
        _client = new EventStreamClient(_http, new EventStreamClientOptions
        {
            Transports = [transport],
            // As patient as a round allows; the heartbeat is a second.
            ReadTimeout = TimeSpan.FromSeconds(3),
            FirstByteTimeout = TimeSpan.FromSeconds(2),
            BackoffStart = TimeSpan.FromMilliseconds(50),
            BackoffMax = TimeSpan.FromMilliseconds(400),
        });
        Before = EventId.TryParse(after, out var id) ? id : null;
        _reading = ReadAsync(after);
    }

    public string Name { get; }

    /// <summary>The last event before this round.</summary>
    public EventId? Before { get; private set; }

    /// <summary>What the subscription ended with, which it should not.</summary>
    public Exception? Failure => _reading.IsFaulted ? _reading.Exception!.InnerException : null;

    /// <summary>What it was given in this round so far.</summary>
    public IReadOnlyList<ChaosEntry> History()
    {
        lock (_gate)
            return [.. _history];
    }

    /// <summary>The round is judged: what comes now belongs to the next one.</summary>
    public void BeginRound()
    {
        lock (_gate)
        {
            Before = _history.LastOrDefault(entry => entry.Gap is null)?.Id ?? Before;
            _history = [];
        }
    }

    public Task OpenedAsync(CancellationToken cancellationToken) => _opened.Task.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(string? after)
    {
        var options = new SubscriptionOptions
        {
            After = after,
            OnOpen = _ => _opened.TrySetResult(),
            OnGap = gap => Add(new ChaosEntry(default, "", "", gap.Reason ?? "without a reason")),
        };
        await foreach (var e in _client.SubscribeAsync(["chaos/**", "orders/**"], options, _stop.Token))
        {
            if (!EventId.TryParse(e.Id, out var id))
                throw new InvalidDataException($"The id of an event is '{e.Id}'.");
            Add(new ChaosEntry(id, e.Type, e.Text));
        }

        if (!_stop.IsCancellationRequested)
            throw new InvalidOperationException("The stream ended.");
    }

    private void Add(ChaosEntry entry)
    {
        lock (_gate)
            _history.Add(entry);
    }
}
