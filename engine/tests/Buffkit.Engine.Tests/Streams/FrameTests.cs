using Buffkit.Streams;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

public sealed class FrameTests
{
    private static readonly FrameEncoder Encoder = new(Options.Create(new StreamsOptions()));

    public static TheoryData<int, int> Kinds => new(
        from form in Enum.GetValues<WireForm>()
        from coding in Enum.GetValues<ContentCoding>()
        select ((int)form, (int)coding));

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Frame_AskedForByManyAtOnce_IsEncodedOnce(int form, int coding)
    {
        var kind = new FrameKind((WireForm)form, (ContentCoding)coding);
        var id = new EventId(Epoch.New(), 1);
        var entry = new TailEntry(new StreamEvent(id, DateTimeOffset.UnixEpoch, EventDraft.Json(Topic.Parse("a"), "t", new string('x', 5_000))));
        // Another kind took the first place.
        Encoder.Frame(entry, new FrameKind(WireForm.HtmlSse, ContentCoding.Identity));

        var frames = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Encoder.Frame(entry, kind), TestContext.Current.CancellationToken)));

        Assert.All(frames, frame => Assert.Same(frames[0], frame));
    }

    [Fact]
    public async Task Replay_OfManyBehindTheTail_SharesPagesAndFrames()
    {
        var log = new MemoryEventLog(new LogOptions(), TimeProvider.System);
        for (var i = 0; i < 300; i++)
            await log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", i)]), TestContext.Current.CancellationToken);
        using var reader = new ReplayReader(log, null);
        var start = new EventId(log.State.Epoch, 0);

        var first = await reader.ReadAsync(start with { Sequence = 3 }, TestContext.Current.CancellationToken);
        var second = await reader.ReadAsync(start with { Sequence = 90 }, TestContext.Current.CancellationToken);
        var third = await reader.ReadAsync(start with { Sequence = 50 }, TestContext.Current.CancellationToken);

        // One reader alone leaves nothing behind; the second one's page is there for all that follow.
        Assert.NotSame(first.Entries[0], second.Entries[0]);
        Assert.Same(second.Entries[0], third.Entries[0]);
        Assert.Equal(ReplayReader.PageEvents, second.Entries[^1].Id.Sequence);
    }

    // A page ends with its bytes then, so neighbours begin close to each other, and must not push each other out.
    [Fact]
    public async Task Replay_OfLargeEventsByOneClientAfterTheOther_KeepsEachPageFromTheSecondOn()
    {
        var log = new MemoryEventLog(new LogOptions(), TimeProvider.System);
        for (var i = 0; i < 256; i++)
            await log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", new string('x', 10_000))]), TestContext.Current.CancellationToken);
        using var reader = new ReplayReader(log, null);

        var replays = new List<List<TailEntry>>();
        for (var client = 0; client < 3; client++)
            replays.Add(await ReplayAsync(reader, new EventId(log.State.Epoch, 0), 256));

        Assert.All(replays, replay => Assert.Equal(Enumerable.Range(1, 256).Select(n => (long)n), replay.Select(entry => entry.Id.Sequence)));
        // But for the last: a page that is not full may grow yet.
        Assert.All(replays[1].Zip(replays[2]).Take(200), pair => Assert.Same(pair.First, pair.Second));
    }

    private static async Task<List<TailEntry>> ReplayAsync(ReplayReader reader, EventId after, int events)
    {
        var read = new List<TailEntry>();
        while (read.Count < events)
        {
            var page = await reader.ReadAsync(after, TestContext.Current.CancellationToken);
            read.AddRange(page.Entries.Where(entry => entry.Id.Sequence > after.Sequence));
            after = read[^1].Id;
        }

        return read;
    }
}
