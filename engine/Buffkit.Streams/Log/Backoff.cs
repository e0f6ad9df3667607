namespace Buffkit.Streams;

/// <summary>
/// How long to wait before a server that is away is asked again: doubled each time, and drawn at random, so that the nodes
/// of a system do not all come at once when it is back ("full jitter").
/// </summary>
/// <param name="first">Longest first wait.</param>
/// <param name="longest">Longest wait of all: a server that is back is found within it.</param>
internal struct Backoff(TimeSpan first, TimeSpan longest)
{
    // More doublings than any wait has.
    private const int MaxDoublings = 16;

    private int _attempts;

    public void Reset() => _attempts = 0;

    public TimeSpan Next()
    {
        var ceiling = TimeSpan.FromTicks(Math.Min(longest.Ticks, first.Ticks << Math.Min(_attempts++, MaxDoublings)));
        return ceiling * Random.Shared.NextDouble();
    }
}
