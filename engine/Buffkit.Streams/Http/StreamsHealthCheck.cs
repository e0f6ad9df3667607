using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Streams;

/// <summary>
/// Readiness of the engine: a server that drains, or has never reached its log, wants no new connections; one whose log is
/// away serves what it has.
/// </summary>
internal sealed class StreamsHealthCheck(ConnectionSet connections, ConnectionDrain drain, EventTail tail, IEventLog log) : IHealthCheck
{
    /// <summary>The check's name in <c>/health</c>.</summary>
    public const string Name = "streams";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["connections"] = connections.Count, ["tailEvents"] = tail.Usage.Entries };
        var status = context.Registration.FailureStatus;
        return Task.FromResult(
            drain.IsDraining ? new HealthCheckResult(status, "The server is shutting down.", data: data)
            : !tail.IsStarted ? new HealthCheckResult(status, "The event log was never reached.", data: data)
            : log.Problem is { } problem ? HealthCheckResult.Degraded(problem, data: data)
            : !log.IsAvailable ? HealthCheckResult.Degraded("The event log is away; publishing is refused until it is back.", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
