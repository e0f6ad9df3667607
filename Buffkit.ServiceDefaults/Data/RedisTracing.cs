//#if (repository)
#if !USE_ASPIRE
//#endif
using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis.Profiling;

namespace Buffkit.ServiceDefaults;

/// <summary>
/// Makes spans of Redis commands. The client has no activity source of its own but a profiler, whose records are
/// collected once a second and become children of the span that was current when the command was sent.
/// </summary>
/// <remarks>Commands outside of any span, such as those of background loops, are not recorded.</remarks>
internal sealed class RedisTracing(TimeProvider? time = null) : BackgroundService
{
    public const string SourceName = "StackExchange.Redis";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ActivityContext, ProfilingSession> _sessions = new();

    /// <summary>Called by the client for each command, on its caller's thread.</summary>
    public ProfilingSession? SessionOfCaller() =>
        Source.HasListeners() && Activity.Current is { Recorded: true } current
            ? _sessions.GetOrAdd(current.Context, static _ => new ProfilingSession())
            : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time ?? TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Collect();
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the host. What is there still goes out.
            Collect();
        }
    }

    private void Collect()
    {
        foreach (var (parent, session) in _sessions)
        {
            var any = false;
            foreach (var command in session.FinishProfiling())
            {
                any = true;
                Record(parent, command);
            }

            if (!any)
            {
                // Quiet for a second: its span has most likely ended. If not, the next command begins a new session.
                _sessions.TryRemove(parent, out _);
            }
        }
    }

    private static void Record(ActivityContext parent, IProfiledCommand command)
    {
        using var activity = Source.StartActivity(
            command.Command, ActivityKind.Client, parent, startTime: command.CommandCreated);
        if (activity is null)
        {
            return;
        }

        activity.SetTag("db.system.name", "redis");
        activity.SetTag("db.operation.name", command.Command);
        activity.SetTag("db.namespace", command.Db);
        activity.SetTag("server.address", command.EndPoint.ToString());
        activity.SetEndTime(command.CommandCreated + command.ElapsedTime);
    }
}
//#if (repository)
#endif
//#endif
