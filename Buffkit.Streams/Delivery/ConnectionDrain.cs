using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>Empties the server before it stops: new connections are refused, open ones told when to come back.</summary>
internal sealed class ConnectionDrain(ConnectionSet connections, IOptions<StreamsOptions> options) : IHostedLifecycleService
{
    private volatile bool _draining;

    /// <summary>The server goes away; a new connection would only be told to leave.</summary>
    public bool IsDraining => _draining;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        foreach (var connection in connections.All)
            connection.RequestClose(CloseReason.Drain, options.Value.Retry.Draw());
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
