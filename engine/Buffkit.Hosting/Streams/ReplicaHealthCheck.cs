using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Hosting;

/// <summary>One replica says that it is well.</summary>
/// <param name="replicas">Knows where it is.</param>
/// <param name="clients">Makes the client.</param>
/// <param name="number">Which one, from 1, in the order of their names.</param>
/// <param name="path">What to ask for.</param>
internal sealed class ReplicaHealthCheck(Replicas replicas, IHttpClientFactory clients, int number, string path) : IHealthCheck
{
    /// <summary>More than health takes with everything away, which is a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var started = replicas.Started;
        if (started.Length < number)
        {
            return HealthCheckResult.Unhealthy("It has not started yet.");
        }

        var (name, address) = started[number - 1];
        if (address is null)
        {
            return HealthCheckResult.Unhealthy($"{name} does not run.");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var client = clients.CreateClient();
            using var response = await client.GetAsync(new Uri(address, path), patience.Token);
            return response.IsSuccessStatusCode
                ? HealthCheckResult.Healthy($"{name} is well.")
                : HealthCheckResult.Unhealthy($"{name} says {(int)response.StatusCode}; {new Uri(address, path)} says why.");
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"{name} does not answer at {address}.", e);
        }
    }
}
