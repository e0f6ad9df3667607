using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.Streams.Redis;

/// <summary>Looks at one thing in Redis; a question that the login may not ask is no defect of Redis.</summary>
internal sealed class RedisFinding(RedisDoctor redis, Func<RedisDoctor, Task<HealthCheckResult>> look) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await look(redis).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StackExchange.Redis.RedisServerException e)
        {
            return Finding.Warning(
                $"It cannot be told: {e.Message}",
                "Let the login use INFO, CONFIG GET and TIME, or look by redis-cli with one that may.");
        }
    }
}
