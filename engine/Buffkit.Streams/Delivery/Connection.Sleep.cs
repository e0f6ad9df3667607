using System.Threading.Tasks.Sources;

namespace Buffkit.Streams;

/// <content>Sleep and waking, without an allocation per nap.</content>
internal sealed partial class Connection : IValueTaskSource<bool>
{
    private ManualResetValueTaskSourceCore<bool> _wakeUp = new() { RunContinuationsAsynchronously = true };

    // Guarded by _gate. Whoever turns it off owns the one call of Wake.
    private bool _waiting;

    /// <summary>Ends a sleep; for the one who was told to.</summary>
    public void Wake() => _wakeUp.SetResult(true);

    bool IValueTaskSource<bool>.GetResult(short token) => _wakeUp.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wakeUp.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wakeUp.OnCompleted(continuation, state, token, flags);

    private bool TakeWake()
    {
        if (!_waiting)
            return false;
        _waiting = false;
        return true;
    }

    /// <returns><see langword="false"/> where the connection leaves instead of sleeping.</returns>
    private ValueTask<bool> WaitAsync()
    {
        lock (_gate)
        {
            if (_ended || _heartbeatDue || _close is not null || !_live || _pending.Count > 0)
                return ValueTask.FromResult(true);
            if (_leaveWhenIdle)
                return ValueTask.FromResult(false);
            _wakeUp.Reset();
            _waiting = true;
            return new ValueTask<bool>(this, _wakeUp.Version);
        }
    }
}
