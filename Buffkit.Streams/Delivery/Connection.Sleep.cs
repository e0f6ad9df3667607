using System.Threading.Tasks.Sources;

namespace Buffkit.Streams;

/// <content>Sleep and waking, without an allocation per nap.</content>
internal sealed partial class Connection : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _wakeUp = new() { RunContinuationsAsynchronously = true };

    // Guarded by _gate. Whoever turns it off owns the one call of Wake.
    private bool _waiting;

    // Guarded by _gate. A connection that asked by several filters is offered a matching entry once for each.
    private long _lastOffered;

    /// <summary>Ends a sleep; for the one who was told to.</summary>
    public void Wake() => _wakeUp.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _wakeUp.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wakeUp.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wakeUp.OnCompleted(continuation, state, token, flags);

    private bool TakeWake()
    {
        if (!_waiting)
            return false;
        _waiting = false;
        return true;
    }

    private ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_ended || _heartbeatDue || _close is not null || !_live || _pending.Count > 0)
                return ValueTask.CompletedTask;
            _wakeUp.Reset();
            _waiting = true;
            return new ValueTask(this, _wakeUp.Version);
        }
    }
}
