using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What the command <c>doctor</c> of the migration service looks at in Redis.</summary>
public static class RedisDoctorExtensions
{
    /// <summary>
    /// Adds checks of the Redis that the servers share: <c>redis</c>, whether a primary answers; <c>redis version</c>, <c>eviction</c>,
    /// <c>memory</c>, <c>persistence</c>, <c>rights</c>, <c>clock</c> and <c>transport</c>. They have a connection of their own and change nothing;
    /// a description says what was found, <c>do</c> in its data what to do. Not for a probe, which they take too long.
    /// </summary>
    /// <param name="checks">The health checks. These have the tag <c>doctor</c>, and all but <c>redis</c> the tag <c>needs:redis</c>.</param>
    /// <param name="connectionString">
    /// As in <c>ConnectionStrings:redis</c>; <see langword="null"/> or empty where servers run alone, which is all that is said then.
    /// </param>
    /// <returns>The same checks.</returns>
    public static IHealthChecksBuilder AddRedisDoctor(this IHealthChecksBuilder checks, string? connectionString)
    {
        ArgumentNullException.ThrowIfNull(checks);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return checks.AddCheck(
                RedisChecks.Reached,
                () => Finding.Ok("ConnectionStrings:redis is not set in what was read: servers run alone."),
                [Finding.Tag]);
        }

        checks.Services.AddSingleton(provider => new RedisDoctor(
            connectionString, provider.GetRequiredService<IConfiguration>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
        foreach (var (name, look) in RedisChecks.All)
        {
            string[] tags = name == RedisChecks.Reached ? [Finding.Tag] : [Finding.Tag, $"{Finding.Needs}{RedisChecks.Reached}"];
            checks.Add(new HealthCheckRegistration(
                name, provider => new RedisFinding(provider.GetRequiredService<RedisDoctor>(), look), HealthStatus.Unhealthy, tags, Finding.Patience));
        }

        return checks;
    }
}
