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
}
