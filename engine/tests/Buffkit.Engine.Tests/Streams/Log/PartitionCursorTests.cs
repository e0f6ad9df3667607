using Buffkit.Streams;
using CsCheck;

namespace Buffkit.Tests;

/// <summary>Cursors that hold a position in each of several partitions.</summary>
public sealed class PartitionCursorTests
{
    // A thousand years of epochs, twelve digits of events.
    private static readonly Gen<EventId> Position =
        from partition in Gen.Int[0, EventId.MaxPartitions - 1]
        from number in Gen.Long[1, 500_000_000]
        from sequence in Gen.Long[0, 2_000_000_000_000]
        select new EventId(Epoch.FromNumber((number * EventId.MaxPartitions) + partition), sequence);

    private static readonly Gen<EventId> Cursor =
        Position.Array[1, 6].Select(positions => positions.Aggregate(default(EventId), (cursor, position) => cursor.MovedTo(position)));

    [Fact]
    public void Text_OfAnyCursor_IsReadBackAndKeepsTheContract() => Cursor.Sample(cursor =>
    {
        var text = cursor.ToString();
        Assert.True(EventId.IsWellFormed(text), text);
        Assert.True(EventId.TryParse(text, out var read), text);
        Assert.Equal(cursor, read);
        Assert.Equal(cursor.GetHashCode(), read.GetHashCode());
    });

    [Fact]
    public void Later_OfTwoCursors_IsAtOrAfterBothAndNoFurther() => Gen.Select(Cursor, Cursor).Sample((one, other) =>
    {
        var later = EventId.Later(one, other);
        Assert.True(later.IsAtOrAfter(one));
        Assert.True(later.IsAtOrAfter(other));
        Assert.Equal(other.Epoch.Partition, later.Epoch.Partition);
        for (var partition = 0; partition < EventId.MaxPartitions; partition++)
            Assert.Contains(later.InPartition(partition), new[] { one.InPartition(partition), other.InPartition(partition) });
    });

    [Fact]
    public void MovedTo_APosition_HasPassedItAndKeepsTheOthers() => Gen.Select(Cursor, Position).Sample((cursor, position) =>
    {
        var moved = cursor.MovedTo(position);
        Assert.Equal(position, moved.InPartition(position.Epoch.Partition));
        Assert.True(moved.HasPassed(position));
        Assert.False(moved.HasPassed(position.Next));
        for (var partition = 0; partition < EventId.MaxPartitions; partition++)
        {
            if (partition != position.Epoch.Partition)
                Assert.Equal(cursor.InPartition(partition), moved.InPartition(partition));
        }
    });

    [Fact]
    public void HasPassed_AnEarlierEpochOfThePartition_IsPassedAndALaterIsNot() => Gen.Select(Cursor, Position).Sample((cursor, position) =>
    {
        var moved = cursor.MovedTo(position);
        _ = position.Epoch.TryGetNumber(out var number);
        Assert.False(moved.HasPassed(new EventId(Epoch.FromNumber(number + EventId.MaxPartitions), 0)));
        if (number > EventId.MaxPartitions && moved.Others is not null)
            Assert.True(moved.HasPassed(new EventId(Epoch.FromNumber(number - EventId.MaxPartitions), long.MaxValue)));
    });

    [Theory]
    [InlineData("1k.1_")]
    [InlineData("1k.1_1k.2")]
    [InlineData("1k.01")]
    [InlineData("1k.A")]
    [InlineData(".1")]
    [InlineData("0.1")]
    [InlineData("1k.1_1l-2")]
    [InlineData("1k.zzzzzzzzzzzzz")]
    [InlineData("zzzzzzzzzzzz.1")]
    public void TryParse_NotACursor_Fails(string text) => Assert.False(EventId.TryParse(text, out _));
}
