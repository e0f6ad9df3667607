using Buffkit.Benchmarks;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>Whatever may go wrong with a client's history is found.</summary>
public sealed class ChaosJudgeTests
{
    private static readonly ChaosTruth Truth = new([Accepted("aaaa-1", "p:0"), Accepted("aaaa-3", "p:1")], new HashSet<long> { 7 }, MayLose: false);

    private static readonly ChaosTruth AfterFailOver =
        new([Accepted("aaaa-1", "p:0"), Accepted("aaaa-2", "p:1"), Accepted("bbbb-1", "p:2")], new HashSet<long>(), MayLose: true);

    [Fact]
    public void History_OfEverythingOnceAndInOrder_IsGood() =>
        Assert.Empty(ChaosJudge.Judge([Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1")], Id("aaaa-0"), Truth));

    [Fact]
    public void History_WithoutAnEvent_HasLostIt() => Assert.Equal("lost: aaaa-3 (p:1)", Judge(Event("aaaa-1", "p:0"), Order("aaaa-2", 7)));

    [Fact]
    public void History_WithoutAnOrder_HasLostIt() => Assert.Equal("lost: order 7", Judge(Event("aaaa-1", "p:0"), Event("aaaa-3", "p:1")));

    [Fact]
    public void History_WithTheSameIdTwice_IsNotInOrder() => Assert.Equal(
        ["out of order or again: aaaa-1 after aaaa-1", "published twice: aaaa-1 and aaaa-1"],
        ChaosJudge.Judge([Event("aaaa-1", "p:0"), Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1")], Id("aaaa-0"), Truth));

    [Fact]
    public void History_ThatGoesBack_IsNotInOrder() =>
        Assert.Equal("out of order or again: aaaa-2 after aaaa-3", Judge(Event("aaaa-1", "p:0"), Event("aaaa-3", "p:1"), Order("aaaa-2", 7)));

    [Fact]
    public void History_WithWhatWasReadInTheRoundBefore_IsNotInOrder() => Assert.Equal(
        ["out of order or again: aaaa-1 after aaaa-1"],
        ChaosJudge.Judge([Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1")], Id("aaaa-1"), Truth));

    [Fact]
    public void History_WithOneEventUnderTwoIds_WasPublishedTwice() => Assert.Equal(
        "published twice: aaaa-1 and aaaa-4", Judge(Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1"), Event("aaaa-4", "p:0")));

    [Fact]
    public void History_WithOneOrderTwice_WasToldTwice() => Assert.Equal(
        "order told twice: aaaa-2 and aaaa-4", Judge(Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1"), Order("aaaa-4", 7)));

    [Fact]
    public void History_WithAnOrderThatThereIsNot_IsTold() => Assert.StartsWith(
        "order told that there is not", Judge(Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:1"), Order("aaaa-4", 8)), StringComparison.Ordinal);

    [Fact]
    public void History_WithAnotherPayload_IsTold() => Assert.Equal(
        "another payload than was published: aaaa-3: p:2", Judge(Event("aaaa-1", "p:0"), Order("aaaa-2", 7), Event("aaaa-3", "p:2")));

    [Fact]
    public void Gap_WithoutAFaultThatLoses_HasNoCause() => Assert.Equal(
        "gap without a cause: evicted", Judge(Event("aaaa-1", "p:0"), Gap("evicted"), Order("aaaa-2", 7), Event("aaaa-3", "p:1")));

    [Fact]
    public void Publisher_WhoseEventsWereGivenIdsInAnotherOrder_IsTold() => Assert.Contains(
        "one publisher's events in another order: aaaa-1 after aaaa-3",
        ChaosJudge.Judge([], null, Truth with { Accepted = [.. Truth.Accepted.Reverse()] }));

    [Fact]
    public void FailOver_ThatLostAnEventAndSaysSo_IsGood() =>
        Assert.Empty(ChaosJudge.Judge([Event("aaaa-1", "p:0"), Gap("epoch"), Event("bbbb-1", "p:2")], Id("aaaa-0"), AfterFailOver));

    [Fact]
    public void FailOver_ThatSaysNothing_HasLostIt() => Assert.Equal(
        ["lost: aaaa-2 (p:1)", "out of order or again: bbbb-1 after aaaa-1"],
        ChaosJudge.Judge([Event("aaaa-1", "p:0"), Event("bbbb-1", "p:2")], Id("aaaa-0"), AfterFailOver));

    [Fact]
    public void FailOver_ThatLosesAnEventOfTheNewEpoch_HasLostIt() => Assert.Equal(
        ["lost: bbbb-1 (p:2)"], ChaosJudge.Judge([Event("aaaa-1", "p:0"), Event("aaaa-2", "p:1"), Gap("epoch")], Id("aaaa-0"), AfterFailOver));

    [Fact]
    public void FailOver_AfterWhichTheOldEpochComesBack_IsNotInOrder() => Assert.Equal(
        ["out of order or again: aaaa-2 after bbbb-1"],
        ChaosJudge.Judge([Event("aaaa-1", "p:0"), Gap("epoch"), Event("bbbb-1", "p:2"), Gap("epoch"), Event("aaaa-2", "p:1")], Id("aaaa-0"), AfterFailOver));

    private static string Judge(params ChaosEntry[] history) => Assert.Single(ChaosJudge.Judge(history, Id("aaaa-0"), Truth));

    private static EventId Id(string id) => EventId.TryParse(id, out var parsed) ? parsed : throw new ArgumentException(id, nameof(id));

    private static ChaosAccepted Accepted(string id, string text) => new(Id(id), text);

    private static ChaosEntry Event(string id, string text) => new(Id(id), "text", text);

    private static ChaosEntry Order(string id, long number) => new(Id(id), ChaosJudge.OrderType, $$"""{"id":{{number}}}""");

    private static ChaosEntry Gap(string reason) => new(default, "", "", reason);
}
