using System.Text;

namespace Buffkit.Streams;

/// <content>
/// Cursors over a log of several partitions. There is no order between partitions, so a cursor holds one position in each: the
/// event's own first, then the others, as <c>{epoch}.{sequence in base 36}</c> joined by <c>_</c>. An epoch belongs to one
/// partition, which its number tells, so positions need no further name.
/// </content>
public readonly partial record struct EventId
{
    /// <summary>Most partitions of a log: their positions fit into <see cref="MaxLength"/>, with sequences up to 10^12.</summary>
    public const int MaxPartitions = 4;

    private const char SequenceMark = '.';
    private const char PositionMark = '_';

    /// <summary>Positions in the other partitions; <see langword="null"/> where the log has one only.</summary>
    internal PartitionPositions? Others { get; init; }

    /// <summary>The position in one partition, as an id of that partition alone; default where it holds none.</summary>
    internal EventId InPartition(int partition) =>
        Epoch.Partition == partition ? new EventId(Epoch, Sequence) : Others?[partition] ?? default;

    /// <summary>The cursor with another position in that one's partition, which becomes its own.</summary>
    internal EventId MovedTo(EventId position)
    {
        var others = Others ?? PartitionPositions.None;
        if (Epoch != default)
            others = others.With(Epoch.Partition, new EventId(Epoch, Sequence));
        return position with { Others = others.With(position.Epoch.Partition, default) };
    }

    /// <summary>Whether an event lies at or before this cursor.</summary>
    internal bool HasPassed(EventId id)
    {
        if (Epoch == id.Epoch)
            return id.Sequence <= Sequence;
        // A client that comes from another server may be in an epoch that this server's tail has not come to.
        return Others is not null && id.Epoch.Partition is >= 0 and var partition && Compare(InPartition(partition), id) >= 0;
    }

    /// <summary>Whether every partition is in the epoch in which it is in another cursor.</summary>
    internal bool IsOfEpochsOf(EventId other)
    {
        if (Others is null && other.Others is null)
            return Epoch == other.Epoch;
        for (var partition = 0; partition < MaxPartitions; partition++)
        {
            if (InPartition(partition).Epoch != other.InPartition(partition).Epoch)
                return false;
        }

        return true;
    }

    /// <summary>Whether all that a cursor of the present epochs has passed was passed here too.</summary>
    internal bool HasReached(EventId cursor) =>
        cursor.Others is null ? Epoch == cursor.Epoch && Sequence >= cursor.Sequence : IsAtOrAfter(cursor);

    /// <summary>Whether a cursor lies at or before this one in every partition.</summary>
    internal bool IsAtOrAfter(EventId other)
    {
        for (var partition = 0; partition < MaxPartitions; partition++)
        {
            if (Compare(InPartition(partition), other.InPartition(partition)) < 0)
                return false;
        }

        return true;
    }

    /// <summary>The later of two cursors in each partition; its own is the second's.</summary>
    internal static EventId Later(EventId one, EventId other)
    {
        var later = other;
        for (var partition = 0; partition < MaxPartitions; partition++)
        {
            var position = one.InPartition(partition);
            if (Compare(position, other.InPartition(partition)) <= 0)
                continue;
            later = partition == other.Epoch.Partition
                ? position with { Others = later.Others }
                : later with { Others = (later.Others ?? PartitionPositions.None).With(partition, position) };
        }

        return later;
    }

    private static int Compare(EventId one, EventId other)
    {
        if (one.Epoch == other.Epoch)
            return one.Sequence.CompareTo(other.Sequence);
        _ = one.Epoch.TryGetNumber(out var first);
        _ = other.Epoch.TryGetNumber(out var second);
        return first.CompareTo(second);
    }

    private string WritePositions()
    {
        var text = new StringBuilder(MaxLength);
        Append(text, this);
        for (var partition = 0; partition < MaxPartitions; partition++)
        {
            if (Others![partition] is { } other && other != default)
                Append(text.Append(PositionMark), other);
        }

        return text.ToString();

        static void Append(StringBuilder text, EventId position) =>
            text.Append(position.Epoch).Append(SequenceMark).Append(Base36.Format(position.Sequence));
    }

    private static bool TryParsePositions(ReadOnlySpan<char> text, out EventId id)
    {
        id = default;
        EventId? own = null;
        var others = PartitionPositions.None;
        var seen = 0;
        foreach (var range in text.Split(PositionMark))
        {
            var part = text[range];
            var mark = part.IndexOf(SequenceMark);
            if (mark < 0 || !Epoch.TryParse(part[..mark], out var epoch) || !Base36.TryParse(part[(mark + 1)..], out var sequence))
                return false;
            var partition = epoch.Partition;
            if (partition < 0 || (seen & (1 << partition)) != 0)
                return false;
            seen |= 1 << partition;
            if (own is null)
                own = new EventId(epoch, sequence);
            else
                others = others.With(partition, new EventId(epoch, sequence));
        }

        id = own!.Value with { Others = others };
        return true;
    }
}

/// <summary>A cursor's positions in the partitions that are not its own. Immutable.</summary>
internal sealed class PartitionPositions : IEquatable<PartitionPositions>
{
    private readonly EventId[] _positions;

    private PartitionPositions(EventId[] positions) => _positions = positions;

    public static PartitionPositions None { get; } = new(new EventId[EventId.MaxPartitions]);

    public EventId this[int partition] => _positions[partition];

    public PartitionPositions With(int partition, EventId position)
    {
        if (partition < 0 || _positions[partition] == position)
            return this;
        var positions = (EventId[])_positions.Clone();
        positions[partition] = position;
        return new PartitionPositions(positions);
    }

    public bool Equals(PartitionPositions? other) => other is not null && _positions.AsSpan().SequenceEqual(other._positions);

    public override bool Equals(object? obj) => Equals(obj as PartitionPositions);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var position in _positions)
            hash.Add(position.Sequence);
        return hash.ToHashCode();
    }
}
