using Microsoft.Extensions.Logging;

namespace Buffkit.Migrations;

/// <summary>The wait to be the only runner of a database.</summary>
internal static partial class RunnerLock
{
    /// <summary>Doubles from here to the maximum, so that a short wait is short and a long one is no load.</summary>
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(500);

    /// <summary>How often a waiting runner says for whom it waits.</summary>
    private static readonly TimeSpan WaitReport = TimeSpan.FromSeconds(5);

    /// <exception cref="MigrationLockTimeoutException">Another runner was at work for longer than <see cref="MigrationOptions.LockWait"/>.</exception>
    public static async Task TakeAsync(MigrationDatabase database, RunnerServices services, CancellationToken cancellation)
    {
        var (options, logger, time) = services;
        var started = time.GetTimestamp();
        var reported = TimeSpan.Zero;
        var poll = FirstPoll;
        while (!await database.Lock.TryTakeAsync(cancellation))
        {
            var waited = time.GetElapsedTime(started);
            if (options.LockWait != Timeout.InfiniteTimeSpan && waited >= options.LockWait)
            {
                throw new MigrationLockTimeoutException(
                    $"Another runner is at work on this database ({await HolderAsync()}). Waited {waited.TotalSeconds:0} s; see 'status', or wait longer with --lock-wait.");
            }

            if (waited - reported >= WaitReport)
            {
                reported = waited;
                LogWaiting(logger, waited.TotalSeconds, await HolderAsync());
            }

            // Spread, so that many runners that started together do not ask together.
            await Task.Delay(poll * (0.5 + Random.Shared.NextDouble()), time, cancellation);
            poll = poll * 2 < LongestPoll ? poll * 2 : LongestPoll;
        }

        MigrationTelemetry.LockWaits.Record(time.GetElapsedTime(started).TotalSeconds);

        async Task<string> HolderAsync() => await database.Lock.DescribeHolderAsync(cancellation) ?? "the server does not say who";
    }

    [LoggerMessage(4, LogLevel.Information, "Waiting for another runner since {Seconds:0} s: {Holder}.")]
    private static partial void LogWaiting(ILogger logger, double seconds, string holder);
}
