using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <summary>
/// Wakes connections for what was offered to them: at once where a connection was quiet, else at the next beat, so that
/// under load what comes within <see cref="DeliveryOptions.BatchDelay"/> goes out in one write. One timer for all.
/// </summary>
/// <remarks>
/// A send costs the processor about the same whether it carries one event or ten. So the more connections are woken
/// together, the longer they gather: as long as it takes to send to all of them with half of the processors.
/// </remarks>
internal sealed class WakePacer(IOptions<StreamsOptions> options, TimeProvider time) : BackgroundService
{
    // What a small send costs on common server hardware, nearly all of it in the kernel's network stack.
    private static readonly TimeSpan SendCost = TimeSpan.FromMicroseconds(15);

    // Longer would be seen by people.
    private static readonly TimeSpan LongestGather = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _delay = options.Value.Delivery.BatchDelay;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _someWait = new(0, 1);
    private TimeSpan _gather;
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
            _gather = GatherFor(connections.Count + _waiting.Count);
            foreach (var connection in connections)
            {
                if (_stopped || _delay == TimeSpan.Zero || time.GetElapsedTime(connection.Writes.Last, now) >= _gather)
                {
                    connection.WakeUp.Wake();
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
                await Task.Delay(CurrentGather(), time, stoppingToken).ConfigureAwait(false);
                WakeWaiting(last: false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A connection that is not woken now would sleep for ever, and not see that it was closed.
            WakeWaiting(last: true);
        }
    }

    private TimeSpan GatherFor(int connections)
    {
        var halfOfTheProcessors = SendCost * connections * 2 / Environment.ProcessorCount;
        var longest = halfOfTheProcessors < LongestGather ? halfOfTheProcessors : LongestGather;
        return longest > _delay ? longest : _delay;
    }

    private TimeSpan CurrentGather()
    {
        lock (_gate)
            return _gather;
    }

    private void WakeWaiting(bool last)
    {
        lock (_gate)
        {
            _stopped = last;
            (_waiting, _woken) = (_woken, _waiting);
        }

        foreach (var connection in _woken)
            connection.WakeUp.Wake();
        _woken.Clear();
    }
}
