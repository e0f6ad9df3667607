using System.Runtime.CompilerServices;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>
/// A log whose server is as unreliable as a seed makes it: appends that fail before or after they were taken, reads that are
/// not answered, pages that come late or in pieces. What it does deliver is true.
/// </summary>
public sealed class FaultInjectingLog(IEventLog inner, int seed) : IEventLog
{
    // Between two looks whether it is back.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private long _faults;
    private volatile bool _away;

    /// <summary>How often something is made to fail, 0 to 1.</summary>
    public double Rate { get; init; } = 0.2;

    /// <summary>Nothing is answered until it is set back.</summary>
    public bool Away
    {
        get => _away;
        set => _away = value;
    }

    /// <summary>Faults injected so far.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    public LogState State => inner.State;

    public bool IsAvailable => !_away;

    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        if (Strikes())
            return AppendResult.Unavailable;
        var result = await inner.AppendAsync(request, cancellationToken);
        // Taken, but the answer was lost on the way.
        return Strikes() ? AppendResult.Unavailable : result;
    }

    public async ValueTask<LogState?> ReadStateAsync(CancellationToken cancellationToken) =>
        Strikes() ? null : await inner.ReadStateAsync(cancellationToken);

    public async ValueTask<LogRead> ReadAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken)
    {
        if (Strikes())
            return new LogRead(LogReadStatus.Unavailable, [], inner.State);
        return await inner.ReadAsync(after, Draw(maxEvents), maxBytes, cancellationToken);
    }

    public async ValueTask<ThinnedRead?> ReadThinnedAsync(EventId after, int maxEvents, int maxBytes, CancellationToken cancellationToken) =>
        Strikes() ? null : await inner.ReadThinnedAsync(after, Draw(maxEvents), maxBytes, cancellationToken);

    public ValueTask<EventId> FindStartAsync(int newest, CancellationToken cancellationToken) => inner.FindStartAsync(newest, cancellationToken);

    public async IAsyncEnumerable<LogRead> FollowAsync(EventId after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var read in inner.FollowAsync(after, cancellationToken))
        {
            for (var from = 0; from < Math.Max(1, read.Events.Count);)
            {
                if (Strikes())
                {
                    yield return new LogRead(LogReadStatus.Unavailable, [], inner.State);
                    // One that is away may be so for long, and whoever follows it may go.
                    if (_away)
                        await Task.Delay(Look, cancellationToken);
                    else
                        await Task.Yield();
                    continue;
                }

                var count = Draw(Math.Max(1, read.Events.Count - from));
                yield return read with { Events = [.. read.Events.Skip(from).Take(count)] };
                from += count;
            }
        }
    }

    private bool Strikes()
    {
        bool strikes;
        lock (_gate)
            strikes = _away || _random.NextDouble() < Rate;
        if (strikes)
            Interlocked.Increment(ref _faults);
        return strikes;
    }

    private int Draw(int most)
    {
        lock (_gate)
            return _random.Next(1, most + 1);
    }
}
