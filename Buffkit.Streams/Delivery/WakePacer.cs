using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Wakes connections for what was offered to them: at once where a connection was quiet, else at the next beat, so that
/// under load what comes within <see cref="DeliveryOptions.BatchDelay"/> goes out in one write. One timer for all.
/// </summary>
internal sealed class WakePacer(IOptions<StreamsOptions> options, TimeProvider time) : BackgroundService
{
    private readonly TimeSpan _delay = options.Value.Delivery.BatchDelay;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _someWait = new(0, 1);
    private List<Connection> _waiting = [];
    private List<Connection> _woken = [];
    private bool _stopped;

    /// <summary>Takes over the wakes that the caller owns.</summary>
    public void Wake(List<Connection> connections)
    {
        var now = time.GetTimestamp();
        var first = false;
        lock (_gate)
        {
            foreach (var connection in connections)
            {
                if (_stopped || _delay == TimeSpan.Zero || time.GetElapsedTime(connection.LastWrite, now) >= _delay)
                {
                    connection.Wake();
                }
                else
                {
                    first |= _waiting.Count == 0;
                    _waiting.Add(connection);
                }
            }
        }

        if (first)
            _someWait.Release();
    }

    public override void Dispose()
    {
        base.Dispose();
        _someWait.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _someWait.WaitAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(_delay, time, stoppingToken).ConfigureAwait(false);
                WakeWaiting(last: false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A connection left asleep would never see that it was closed.
            WakeWaiting(last: true);
        }
    }

    private void WakeWaiting(bool last)
    {
        lock (_gate)
        {
            _stopped = last;
            (_waiting, _woken) = (_woken, _waiting);
        }

        foreach (var connection in _woken)
            connection.Wake();
        _woken.Clear();
    }
}
