namespace Buffkit.Client;

/// <summary>
/// Which transport the next connect uses: the best one that the network lets through. One that broke is left for the next, and tried again
/// after a while.
/// </summary>
internal sealed class TransportChoice(IReadOnlyList<EventStreamTransport> transports, TimeSpan betterAfter, TimeProvider time)
{
    /// <summary>A connection that lives for less was cut by something that does not like it; a server says goodbye.</summary>
    public static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(1);

    private const int ShortLivesAllowed = 3;

    private int _index;
    private int _shortLives;
    private int _failures;
    private long _leftAt;

    public EventStreamTransport Current => transports[_index];

    /// <summary>Whether there is another one to fall back to.</summary>
    public bool HasOthers => transports.Count > 1;

    /// <summary>Called before each connect.</summary>
    public EventStreamTransport Next()
    {
        if (IsBetterDue)
            (_index, _shortLives) = (0, 0);
        return Current;
    }

    /// <summary>A better one may be tried again.</summary>
    public bool IsBetterDue => _index > 0 && time.GetElapsedTime(_leftAt) >= betterAfter;

    /// <summary>A connection lived, and was cut.</summary>
    /// <returns>Whether another transport comes next.</returns>
    public bool Ended(TimeSpan life)
    {
        _failures = 0;
        _shortLives = life < ShortLife ? _shortLives + 1 : 0;
        return _shortLives >= ShortLivesAllowed && Broken();
    }

    /// <summary>The server ended the connection itself: it came through.</summary>
    public void Closed() => (_shortLives, _failures) = (0, 0);

    /// <summary>
    /// No connection was made. That may be a server that is away, and says nothing of the transport; but one that was fallen back to is not
    /// held on to when it does not come through either.
    /// </summary>
    /// <returns>Whether another transport comes next.</returns>
    public bool Failed() => _index > 0 && ++_failures >= ShortLivesAllowed && Broken();

    /// <summary>The transport does not come through.</summary>
    /// <returns>Whether another one comes next.</returns>
    public bool Broken()
    {
        (_shortLives, _failures) = (0, 0);
        _index = (_index + 1) % transports.Count;
        _leftAt = time.GetTimestamp();
        return HasOthers;
    }
}
