using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// Lets every health check end in time, so that <c>/health</c> answers within a second whatever is away: a probe that waits in
/// vain takes a server out of service, though it still has much to serve.
/// </summary>
internal static class HealthTimeouts
{
    /// <summary>What a check without a time-out of its own gets. Checks run side by side, so the sum is no more.</summary>
    private static readonly TimeSpan Default = TimeSpan.FromMilliseconds(750);

    public static void Add(IServiceCollection services) =>
        services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var check in options.Registrations)
            {
                if (check.Timeout == Timeout.InfiniteTimeSpan)
                {
                    check.Timeout = Default;
                }

                var make = check.Factory;
                check.Factory = services => new TimelyCheck(services, make);
            }
        });

    /// <summary>
    /// Leaves a check when its time is over, whether it looks at its token or not: database clients do not during a handshake,
    /// and some are made, and connect, when they are first asked for. What was left ends with its client's own time-out.
    /// Each begins on a thread of its own: on a busy server the time would else be over before the pool has one for it, and a
    /// check that has nothing to wait for would fail.
    /// </summary>
    private sealed class TimelyCheck(IServiceProvider services, Func<IServiceProvider, IHealthCheck> make) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.Factory.StartNew(
                    () => make(services).CheckHealthAsync(context, cancellationToken),
                    cancellationToken,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default)
                .Unwrap()
                .WaitAsync(cancellationToken);
    }
}
