using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Empties the server before it stops: new connections are refused, open ones are told when to come back, spread over
/// time, and those that do not take even that are cut.
/// </summary>
internal sealed partial class ConnectionDrain(
    ConnectionSet connections, IEventLog log, EventTail tail, IOptions<StreamsOptions> options, TimeProvider time, ILogger<ConnectionDrain> logger)
    : IHostedLifecycleService
{
    // Much shorter than the time-out, and long enough that looking costs next to nothing.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    private readonly StreamsOptions _options = options.Value;
    private volatile bool _draining;

    /// <summary>The server goes away; a new connection would only be told to leave.</summary>
    public bool IsDraining => _draining;

    /// <summary>The last word to a connection: each comes back at its own moment.</summary>
    public StreamClose Goodbye() =>
        new(CloseReason.Drain, _options.Retry.Min + TimeSpan.FromMilliseconds(Random.Shared.NextDouble() * _options.Drain.Spread.TotalMilliseconds));

    /// <summary>Runs before the web server stops, so that it finds nothing to wait for.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        var began = time.GetTimestamp();
        Log.Draining(logger, connections.Count);
        // What was published until now is in the log, and on its way into the tail.
        await WaitAsync(() => !log.IsAvailable || tail.HasReached(log.State.Latest), began, cancellationToken).ConfigureAwait(false);
        foreach (var connection in connections.All)
            connection.RequestClose(Goodbye());
        await WaitAsync(() => connections.Count == 0, began, cancellationToken).ConfigureAwait(false);

        var cut = 0;
        foreach (var connection in connections.All)
        {
            connection.Cut();
            cut++;
        }

        Log.Drained(logger, cut);
    }

    private async Task WaitAsync(Func<bool> until, long began, CancellationToken cancellationToken)
    {
        while (!until() && time.GetElapsedTime(began) < _options.Drain.Timeout && !cancellationToken.IsCancellationRequested)
            await Task.Delay(Look, time, CancellationToken.None).ConfigureAwait(false);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Draining {Connections} connections.")]
        public static partial void Draining(ILogger logger, int connections);

        [LoggerMessage(2, LogLevel.Information, "Drained; {Cut} connections did not take their last word and were cut.")]
        public static partial void Drained(ILogger logger, int cut);
    }
}
