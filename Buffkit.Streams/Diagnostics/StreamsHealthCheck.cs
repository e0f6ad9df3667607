using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Streams;

/// <summary>Readiness of the engine: a server that drains wants no new connections.</summary>
internal sealed class StreamsHealthCheck(ConnectionSet connections, ConnectionDrain drain, EventTail tail) : IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "streams";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["connections"] = connections.Count, ["tailEvents"] = tail.Usage.Entries };
        return Task.FromResult(drain.IsDraining
            ? new HealthCheckResult(context.Registration.FailureStatus, "The server is shutting down.", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
