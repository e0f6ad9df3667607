using Microsoft.Extensions.Hosting;

namespace Buffkit.Streams;

/// <summary>How many connections are open under a key, on all servers. Every implementation passes the same specification tests.</summary>
internal interface IConnectionCounts
{
    /// <summary>Adds one, unless there were more than a maximum then.</summary>
    ValueTask<bool> TryAddAsync(string key, int max, CancellationToken cancellationToken);

    /// <summary>Takes away one that was added.</summary>
    void Remove(string key);

    /// <summary>Keeps the counts true as long as the server runs.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>Owns the loop of the counts.</summary>
internal sealed class ConnectionCounting(IConnectionCounts counts) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => counts.RunAsync(stoppingToken);
}
