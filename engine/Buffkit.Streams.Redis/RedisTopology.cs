using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// Which server is the primary, asked anew when a command was refused. The client library looks once a minute by itself, and
/// sends commands to whichever was the primary, or to none, until then.
/// </summary>
/// <param name="connections">The connections of this process to one Redis.</param>
/// <param name="time">The clock.</param>
internal sealed class RedisTopology(Func<IReadOnlyList<IConnectionMultiplexer>> connections, TimeProvider time)
{
    /// <summary>
    /// How often the library looks by itself on the engine's own connections, in seconds: where one server is gone, an answer to
    /// <see cref="Ask"/> takes as long as the connect time-out, and this finds the other one meanwhile.
    /// </summary>
    public const int CheckSeconds = 1;

    /// <summary>Asked at most so often: each time is a round trip to every server of the configuration.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Servers that are there have answered by then.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>How long, and how often, to look at what the library knows, which costs next to nothing.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private const int Looks = 40;

    private readonly Lock _gate = new();
    private Task _asking = Task.CompletedTask;
    private Task _finding = Task.CompletedTask;
    private long? _asked;

    /// <summary>Asks, unless that is under way or was done just now.</summary>
    public void Ask()
    {
        lock (_gate)
        {
            if (!_asking.IsCompleted || (_asked is { } asked && time.GetElapsedTime(asked) < Interval))
                return;
            _asked = time.GetTimestamp();
            _asking = AskAllAsync();
        }
    }

    /// <summary>Asks, and waits until every connection knows a primary that is there; some two seconds at most.</summary>
    /// <remarks>
    /// A command would wait in a queue for one that is gone, and go on waiting when another has taken over. However many wait,
    /// one looks.
    /// </remarks>
    /// <exception cref="RedisException">There is none.</exception>
    public Task FindPrimaryAsync(CancellationToken cancellationToken)
    {
        Ask();
        lock (_gate)
        {
            if (_finding.IsCompleted)
                _finding = LookForPrimaryAsync(_asking);
            return _finding.WaitAsync(cancellationToken);
        }
    }

    private async Task LookForPrimaryAsync(Task asking)
    {
        await Task.WhenAny(asking, Task.Delay(Patience, time)).ConfigureAwait(false);
        for (var looks = 0; looks < Looks; looks++)
        {
            if (connections().All(HasPrimary))
                return;
            await Task.Delay(Look, time).ConfigureAwait(false);
        }

        throw new RedisException("None of the configured Redis servers is a primary that answers.");
    }

    private static bool HasPrimary(IConnectionMultiplexer connection) =>
        Array.Exists(connection.GetServers(), server => server is { IsConnected: true, IsReplica: false });

    private async Task AskAllAsync()
    {
        try
        {
            // Off the caller's thread, which holds the lock: the library does some of its work before it first waits.
            await Task.WhenAll(connections().Select(connection => Task.Run(() => connection.ConfigureAsync()))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Nobody could be asked; the next failure asks again.
        }
    }
}
