using System.Globalization;
using StackExchange.Redis;

namespace Buffkit.Streams.Redis;

/// <summary>
/// A place in the stream, <c>{epoch}-{sequence}</c> in Redis's own form: an event id with the epoch as the number that it is.
/// </summary>
internal readonly record struct RedisPosition(long Epoch, long Sequence) : IComparable<RedisPosition>
{
    public EventId Id => new(Streams.Epoch.FromNumber(Epoch), Sequence);

    public RedisPosition Next => this with { Sequence = Sequence + 1 };

    public RedisPosition Previous => this with { Sequence = Sequence - 1 };

    /// <summary>Whether this is the entry that begins an epoch, not an event.</summary>
    public bool IsEpochMarker => Sequence == 0;

    /// <returns><see langword="null"/> for an id of another kind of log.</returns>
    public static RedisPosition? Of(EventId id) =>
        id.Epoch.TryGetNumber(out var epoch) ? new RedisPosition(epoch, id.Sequence) : null;

    public static RedisPosition Parse(RedisValue id)
    {
        var text = id.ToString();
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return new RedisPosition(
            long.Parse(text.AsSpan(0, dash), CultureInfo.InvariantCulture), long.Parse(text.AsSpan(dash + 1), CultureInfo.InvariantCulture));
    }

    public int CompareTo(RedisPosition other) =>
        Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Sequence.CompareTo(other.Sequence);

    public static bool operator <(RedisPosition left, RedisPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(RedisPosition left, RedisPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(RedisPosition left, RedisPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RedisPosition left, RedisPosition right) => left.CompareTo(right) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Sequence}");
}
