namespace Buffkit.Tests;

/// <summary>
/// Whatever waits for a moment has it at once, and the clock goes on by as much. For servers in memory whose answers are there when they are asked
/// for: what is not there never comes, so silence is found at once too.
/// </summary>
internal sealed class ImpatientTime : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private long _passed;

    public TimeSpan Passed => TimeSpan.FromTicks(Interlocked.Read(ref _passed));

    public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _passed);

    public override DateTimeOffset GetUtcNow() => Start + Passed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(ImpatientTime time, TimerCallback callback, object? state) : ITimer
    {
        private int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var version = Interlocked.Increment(ref _version);
            if (dueTime != Timeout.InfiniteTimeSpan)
                ThreadPool.UnsafeQueueUserWorkItem(_ => Fire(version, dueTime), null);
            return true;
        }

        public void Dispose() => Interlocked.Increment(ref _version);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int version, TimeSpan dueTime)
        {
            if (Volatile.Read(ref _version) != version)
                return;
            time.Pass(dueTime);
            callback(state);
        }
    }
}
