namespace Buffkit.Streams;

/// <summary>
/// The number of a request, by a producer that sends one at a time. The log takes each number once, however late it is sent again,
/// and refuses one that a later has overtaken: so a producer that was thought dead and comes back cannot write over its successor.
/// </summary>
/// <remarks>
/// The idea is that of Kafka's idempotent producer. The log keeps the newest number of each producer beside its events, without an
/// end of its lifetime; a log that loses its events loses the number with them.
/// </remarks>
public sealed record ProducerSequence
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxNameLength = 64;

    /// <param name="producer">The producer's name, 1 to <see cref="MaxNameLength"/> visible ASCII characters.</param>
    /// <param name="number">Counts up with each request, from 1.</param>
    /// <exception cref="ArgumentException">The name is empty, too long, or has other characters.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public ProducerSequence(string producer, long number)
    {
        ArgumentException.ThrowIfNullOrEmpty(producer);
        if (producer.Length > MaxNameLength || producer.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new ArgumentException($"A producer's name has 1 to {MaxNameLength} visible ASCII characters.", nameof(producer));
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        (Producer, Number) = (producer, number);
    }

    /// <summary>The producer's name.</summary>
    public string Producer { get; }

    /// <summary>Counts up with each request.</summary>
    public long Number { get; }

    /// <summary>A hash of the events: a number that comes again for others is no repetition.</summary>
    internal string? Fingerprint { get; init; }
}
