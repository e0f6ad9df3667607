using System.Threading.Tasks.Sources;

namespace Buffkit.Streams;

/// <summary>
/// How a connection's loop sleeps, and how it is woken: no allocation for a sleep, no lock, and no signal is lost. Whoever changes
/// something that the loop looks at does so first and signals then.
/// </summary>
internal sealed class WakeUp : IValueTaskSource
{
    // The loop runs, and has looked at everything since the last signal.
    private const int Awake = 0;

    // The loop runs, and has to look again before it sleeps.
    private const int Signaled = 1;

    // The loop sleeps.
    private const int Asleep = 2;

    // The loop sleeps, and somebody is about to call Wake.
    private const int Claimed = 3;

    private ManualResetValueTaskSourceCore<bool> _sleep = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Tells the loop to look again.</summary>
    /// <returns>Whether it slept: the caller then owes one call of <see cref="Wake"/>, now or in a moment.</returns>
    public bool Signal()
    {
        while (true)
        {
            switch (Volatile.Read(ref _state))
            {
                case Asleep when Interlocked.CompareExchange(ref _state, Claimed, Asleep) == Asleep:
                    return true;
                case Awake when Interlocked.CompareExchange(ref _state, Signaled, Awake) == Awake:
                case Signaled or Claimed:
                    return false;
            }
        }
    }

    /// <summary>Ends a sleep; for the one whom <see cref="Signal"/> told that the loop slept.</summary>
    public void Wake() => _sleep.SetResult(true);

    /// <summary>The loop is about to look at everything; only the loop calls it.</summary>
    public void BeginLook() => Interlocked.CompareExchange(ref _state, Awake, Signaled);

    /// <summary>Sleeps until there is a signal, not at all where there was one since <see cref="BeginLook"/>; only the loop calls it.</summary>
    public ValueTask SleepAsync()
    {
        _sleep.Reset();
        return Interlocked.CompareExchange(ref _state, Asleep, Awake) == Awake ? new ValueTask(this, _sleep.Version) : ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token)
    {
        _sleep.GetResult(token);
        // What was signaled meanwhile is looked at now, so those signals are answered.
        Interlocked.Exchange(ref _state, Awake);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _sleep.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _sleep.OnCompleted(continuation, state, token, flags);
}
