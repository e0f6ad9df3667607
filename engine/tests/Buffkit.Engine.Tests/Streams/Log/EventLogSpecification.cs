using System.Text;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>What every log does; each implementation inherits the tests.</summary>
public abstract class EventLogSpecification
{
    private const int Retained = 400;

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private protected static LogOptions Options => new() { MaxEvents = Retained };

    /// <summary>Makes an empty log.</summary>
    private protected abstract Task<IEventLog> CreateAsync();

    [Fact]
    public async Task Append_OneAfterAnother_IdsHaveNoHolesAndCountFromOne()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(100, Stop);
        var first = await AppendAsync(log, "one");
        var more = await AppendAsync(log, "two", "three");

        Assert.Equal(0, start.Sequence);
        Assert.Equal([start.Next, start.Next.Next, start.Next.Next.Next], [.. first, .. more]);
        Assert.Equal(more[^1], log.State.Latest);
    }

    [Fact]
    public async Task Append_FromManyPublishers_EachBatchStaysTogetherAndNothingIsDoubled()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        var ids = await Task.WhenAll(Enumerable.Range(0, 40).Select(async publisher =>
        {
            var mine = new List<EventId>();
            for (var n = 0; n < 3; n++)
                mine.AddRange(await AppendAsync(log, $"{publisher}/{n}/a", $"{publisher}/{n}/b"));
            return mine;
        }));

        Assert.Equal(Enumerable.Range(1, 240).Select(n => start with { Sequence = n }), ids.SelectMany(i => i).OrderBy(i => i.Sequence));
        var texts = (await log.ReadAsync(start, 1_000, int.MaxValue, Stop)).Events.Select(Text).ToArray();
        for (var i = 0; i < texts.Length; i += 2)
            Assert.Equal(texts[i][..^1], texts[i + 1][..^1]);
    }

    [Fact]
    public async Task Read_AllThatAnEventHas_ComesBack()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        var before = DateTimeOffset.UtcNow - TimeSpan.FromMinutes(1);
        var full = new EventDraft
        {
            Topic = Topic.Parse("orders/ä/42"),
            Type = "order.created 😀",
            Key = "k-1",
            ContentType = "image/png",
            Data = new byte[] { 0, 255, 13, 10, 0 },
            CloudEvent = new CloudEventAttributes(
                "id", "/source", "subject", "2026-09-01T12:00:00.123456789+02:00", "http://schema", "text/x", [new("ext", "1"), new("n", "5", CloudEventValueType.Number), new("b", "ü")], HasTextData: true),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
        await log.AppendAsync(new AppendRequest([full, EventDraft.Json(Topic.Parse("a"), "t", 1), new EventDraft { Topic = Topic.Parse("a"), Type = "t" }]), Stop);

        var events = (await log.ReadAsync(start, 10, int.MaxValue, Stop)).Events;
        Assert.Equal(full.Topic, events[0].Topic);
        Assert.Equal(full.Type, events[0].Type);
        Assert.Equal(full.Key, events[0].Key);
        Assert.Equal(full.ContentType, events[0].ContentType);
        Assert.Equal(full.Data.ToArray(), events[0].Data.ToArray());
        Assert.Equivalent(full.CloudEvent, events[0].Draft.CloudEvent, strict: true);
        Assert.Equal(full.TraceParent, events[0].Draft.TraceParent);
        Assert.InRange(events[0].Time, before, before + TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.Zero, events[0].Time.Offset);
        Assert.Equal("1", Text(events[1]));
        Assert.Null(events[1].Key);
        Assert.Null(events[1].ContentType);
        Assert.Null(events[1].Draft.CloudEvent);
        Assert.Null(events[1].Draft.TraceParent);
        Assert.True(events[2].Data.IsEmpty);
    }

    [Fact]
    public async Task Read_AnyCursor_GivesExactlyWhatFollows()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await AppendAsync(log, [.. Enumerable.Range(1, 20).Select(n => $"{n}")]);
        for (var after = 0; after <= 20; after++)
        {
            var read = await log.ReadAsync(start with { Sequence = after }, 7, int.MaxValue, Stop);
            Assert.Equal(LogReadStatus.Found, read.Status);
            Assert.Equal(Enumerable.Range(after + 1, Math.Min(7, 20 - after)).Select(n => $"{n}"), read.Events.Select(Text));
        }
    }

    [Fact]
    public async Task Read_MoreBytesThanAskedFor_EndsWithTheEventThatReachesThem()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await AppendAsync(log, "1", "2", "3");
        var one = (await log.ReadAsync(start, 10, 1, Stop)).Events;
        var two = (await log.ReadAsync(start, 10, one[0].Size + 1, Stop)).Events;

        Assert.Single(one);
        Assert.Equal(2, two.Count);
    }

    [Fact]
    public async Task Read_CursorAheadOfTheLog_IsUnknown()
    {
        var log = await CreateAsync();
        var latest = (await AppendAsync(log, "1"))[0];
        var read = await log.ReadAsync(latest.Next, 10, int.MaxValue, Stop);
        Assert.Equal((LogReadStatus.Unknown, latest), (read.Status, read.State.Latest));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("kbc3x9d2")]
    [InlineData("zzzzzzzzzzzz")]
    [InlineData("007")]
    public async Task Read_CursorOfAnotherEpoch_SaysSo(string epoch)
    {
        var log = await CreateAsync();
        var latest = (await AppendAsync(log, "1"))[0];
        Assert.True(EventId.TryParse($"{epoch}-1", out var other));
        foreach (var sequence in (long[])[0, 1, 5, long.MaxValue])
        {
            var read = await log.ReadAsync(other with { Sequence = sequence }, 10, int.MaxValue, Stop);
            Assert.Equal((LogReadStatus.OtherEpoch, latest, latest), (read.Status, read.State.Oldest, read.State.Latest));
        }
    }

    [Fact]
    public async Task Read_CursorBehindWhatIsRetained_IsEvictedAndNamesTheOldest()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await FillAsync(log, 3 * Retained);

        var evicted = await log.ReadAsync(start, 10, int.MaxValue, Stop);
        Assert.Equal(LogReadStatus.Evicted, evicted.Status);
        Assert.InRange(evicted.State.Oldest.Sequence, 2, (2 * Retained) + 1);
        Assert.Equal(await log.ReadStateAsync(Stop), evicted.State);

        var found = await log.ReadAsync(evicted.State.Oldest.Previous, 1, int.MaxValue, Stop);
        Assert.Equal(evicted.State.Oldest, found.Events.Single().Id);
    }

    [Fact]
    public async Task FindStart_SomeOfTheNewest_AtMostSoManyFollow()
    {
        var log = await CreateAsync();
        await AppendAsync(log, "1", "2", "3");
        var latest = log.State.Latest;
        Assert.Equal(latest, await log.FindStartAsync(0, Stop));
        Assert.Equal(latest.Previous.Previous, await log.FindStartAsync(2, Stop));
        Assert.Equal(0, (await log.FindStartAsync(100, Stop)).Sequence);
    }

    [Fact]
    public async Task Append_KeySeenBefore_AnswersTheSameIdsAndAppendsNothing()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        var request = new AppendRequest([Draft("1"), Draft("2")], new Idempotency("key", "f"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => log.AppendAsync(request, Stop).AsTask()));

        Assert.Equal(1, answers.Count(answer => answer.Status is AppendStatus.Appended));
        Assert.Equal(15, answers.Count(answer => answer.Status is AppendStatus.AlreadyAppended));
        Assert.All(answers, answer => Assert.Equal(answers[0].Ids, answer.Ids));
        Assert.Equal(2, (await log.ReadAsync(start, 10, int.MaxValue, Stop)).Events.Count);
    }

    [Fact]
    public async Task Append_KeyOfAnotherRequest_IsAConflictAndAppendsNothing()
    {
        var log = await CreateAsync();
        await log.AppendAsync(new AppendRequest([Draft("1")], new Idempotency("key", "f")), Stop);
        var latest = log.State.Latest;
        var answer = await log.AppendAsync(new AppendRequest([Draft("2")], new Idempotency("key", "g")), Stop);
        Assert.Equal(AppendStatus.KeyConflict, answer.Status);
        Assert.Empty(answer.Ids);
        Assert.Equal(latest, (await log.ReadStateAsync(Stop))!.Value.Latest);
    }

    [Fact]
    public async Task Append_NumberOfAProducerAgain_AnswersTheSameIdsAndAppendsNothing()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        var request = new AppendRequest([Draft("1"), Draft("2")], Producer: new ProducerSequence("outbox", 4) { Fingerprint = "f" });
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => log.AppendAsync(request, Stop).AsTask()));

        Assert.Equal(1, answers.Count(answer => answer.Status is AppendStatus.Appended));
        Assert.Equal(7, answers.Count(answer => answer.Status is AppendStatus.AlreadyAppended));
        Assert.All(answers, answer => Assert.Equal(answers[0].Ids, answer.Ids));
        Assert.Equal(2, (await log.ReadAsync(start, 10, int.MaxValue, Stop)).Events.Count);
    }

    [Theory]
    [InlineData(3, "f")]
    [InlineData(4, "g")]
    [InlineData(1, "f")]
    public async Task Append_NumberThatALaterOneHasOvertaken_IsRefusedWithTheNewest(long number, string fingerprint)
    {
        var log = await CreateAsync();
        foreach (var sent in (long[])[1, 3, 4])
            await log.AppendAsync(new AppendRequest([Draft($"{sent}")], Producer: new ProducerSequence("outbox", sent) { Fingerprint = "f" }), Stop);
        var latest = log.State.Latest;

        var late = await log.AppendAsync(
            new AppendRequest([Draft("late")], Producer: new ProducerSequence("outbox", number) { Fingerprint = fingerprint }), Stop);
        var other = await log.AppendAsync(new AppendRequest([Draft("other")], Producer: new ProducerSequence("another", 1) { Fingerprint = "f" }), Stop);

        Assert.Equal((AppendStatus.Overtaken, (long?)4), (late.Status, late.ProducerNumber));
        Assert.Equal(latest.Next, other.Ids[0]);
    }

    [Fact]
    public async Task Follow_WhilePublishersWrite_SeesEverythingOnceInOrder()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await AppendAsync(log, "before");
        var writing = Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var n = 0; n < 25; n++)
                await AppendAsync(log, "x");
        }));

        var seen = new List<EventId>();
        await foreach (var read in log.FollowAsync(start, Stop))
        {
            Assert.Equal(LogReadStatus.Found, read.Status);
            seen.AddRange(read.Events.Select(e => e.Id));
            if (seen.Count == 201)
                break;
        }

        await writing;
        Assert.Equal(Enumerable.Range(1, 201).Select(n => start with { Sequence = n }), seen);
    }

    [Fact]
    public async Task Follow_FromBehindWhatIsRetained_SaysSoAndGoesOnWithTheOldest()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await FillAsync(log, 3 * Retained);
        await using var following = log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);

        Assert.True(await following.MoveNextAsync());
        Assert.Equal(LogReadStatus.Evicted, following.Current.Status);
        var oldest = following.Current.State.Oldest;
        Assert.True(await following.MoveNextAsync());
        Assert.Equal(oldest, following.Current.Events[0].Id);
    }

    [Fact]
    public async Task Follow_Cancelled_Ends()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await using var following = log.FollowAsync(start, stop.Token).GetAsyncEnumerator(Stop);
        var next = following.MoveNextAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task Append_AlreadyCancelled_AppendsNothing()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await log.AppendAsync(new AppendRequest([Draft("1")]), new CancellationToken(canceled: true)));
        Assert.Equal(start, (await log.ReadStateAsync(Stop))!.Value.Latest);
    }

    [Fact]
    public async Task ReadThinned_ATopicThatFloodsTheLog_LeavesTheOthersTheirEvents()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await FillAsync(log, 200, n => $"quiet/{n % 10}");
        await FillAsync(log, 10 * Retained, _ => "user/ada/x");

        Assert.Equal(LogReadStatus.Evicted, (await log.ReadAsync(start, 10, int.MaxValue, Stop)).Status);
        var (events, lost, through) = await ReadAllThinnedAsync(log, start);

        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}"), events.Select(Text));
        Assert.Equal(["user/ada/**"], lost.Select(filter => filter.Value));
        var dense = await log.ReadAsync(through, 10 * Retained, int.MaxValue, Stop);
        Assert.Equal(LogReadStatus.Found, dense.Status);
        // A part of 64 may come before room is made.
        Assert.InRange(events.Count + dense.Events.Count, Retained - 100, Retained + 100);
        var read = (await log.ReadThinnedAsync(start, 1, int.MaxValue, Stop))!;
        Assert.True(read.IsWholeFor([TopicFilter.Parse("quiet/**"), TopicFilter.Parse("user/bob/**")]));
        Assert.False(read.IsWholeFor([TopicFilter.Parse("user/*/x")]));
    }

    [Fact]
    public async Task ReadThinned_NoisyTopicOfTheGreatestLength_IsToldLikeAnyOther()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        var longest = "public/" + new string('x', Topic.MaxLength - "public/".Length);
        await FillAsync(log, 100, n => $"quiet/{n % 10}");
        await FillAsync(log, 3 * Retained, _ => longest);

        var read = (await log.ReadThinnedAsync(start, 10, int.MaxValue, Stop))!;

        Assert.True(read.IsWholeFor([TopicFilter.Parse("quiet/**")]));
        Assert.False(read.IsWholeFor([TopicFilter.Parse(longest)]));
    }

    [Fact]
    public async Task ReadThinned_OthersHaveMoreThanTheRest_KeepsTheirNewest()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await FillAsync(log, Retained, n => $"quiet/{n % 10}");
        await FillAsync(log, 10 * Retained, _ => "noisy");

        Assert.Null(await log.ReadThinnedAsync(start, 10, int.MaxValue, Stop));
        var (events, _, _) = await ReadAllThinnedAsync(log, start with { Sequence = Retained / 2 });

        Assert.Equal(Enumerable.Range(Retained / 2, Retained / 2).Select(n => $"{n}"), events.Select(Text));
    }

    [Fact]
    public async Task ReadThinned_NoTopicTakesMoreThanItsShare_IsNothing()
    {
        var log = await CreateAsync();
        var start = await log.FindStartAsync(0, Stop);
        await FillAsync(log, 3 * Retained, n => $"orders/{n % 10}/items");

        Assert.Null(await log.ReadThinnedAsync(start, 10, int.MaxValue, Stop));
    }

    [Fact]
    public async Task ReadThinned_AfterTheNoise_GivesWay()
    {
        var log = await CreateAsync();
        await FillAsync(log, 200, n => $"quiet/{n % 10}");
        await FillAsync(log, 3 * Retained, _ => "noisy");
        var during = await log.FindStartAsync(0, Stop);
        await FillAsync(log, 5 * Retained, n => $"later/{n % 10}");

        var (events, _, _) = await ReadAllThinnedAsync(log, during, allowNothing: true);

        Assert.Empty(events);
        Assert.InRange((await log.ReadAsync((await log.ReadStateAsync(Stop))!.Value.Oldest.Previous, 10 * Retained, int.MaxValue, Stop)).Events.Count, Retained - 100, Retained + 100);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadThinned_AnyCursorAndFilterAtRandom_NothingIsLostUntold(int seed)
    {
        var log = await CreateAsync();
        var random = new Random(seed);
        var all = new List<(EventId Id, string Topic)> { (await log.FindStartAsync(0, Stop), "") };
        string[] topics = ["a", "b", "user/ada/x", "user/ada/y", "user/bob", "orders/1", "orders/2/items", "orders/3"];
        string[] filters = ["a", "**", "user/**", "user/ada/*", "user/*", "orders/**", "orders/2/**", "b"];
        for (var round = 0; round < 60; round++)
        {
            var noisy = topics[random.Next(topics.Length)];
            var batch = Enumerable.Range(0, random.Next(1, 120))
                .Select(_ => random.Next(10) < 7 ? noisy : topics[random.Next(topics.Length)]).ToArray();
            var result = await log.AppendAsync(new AppendRequest([.. batch.Select(topic => Draft("x", topic))]), Stop);
            all.AddRange(result.Ids.Zip(batch));

            var at = random.Next(all.Count);
            var filter = TopicFilter.Parse(filters[random.Next(filters.Length)]);
            if (await ReadOnAsync(log, all[at].Id, filter) is { } delivered)
                Assert.Equal(all[(at + 1)..].Where(e => filter.Matches(Topic.Parse(e.Topic))).Select(e => e.Id), delivered);
        }
    }

    // As a connection does: nothing where a gap would be told.
    private static async Task<List<EventId>?> ReadOnAsync(IEventLog log, EventId cursor, TopicFilter filter)
    {
        var delivered = new List<EventId>();
        while (true)
        {
            var read = await log.ReadAsync(cursor, 50, int.MaxValue, Stop);
            var page = read.Events;
            if (read.Status is LogReadStatus.Evicted)
            {
                if (await log.ReadThinnedAsync(cursor, 50, int.MaxValue, Stop) is not { } thinned || !thinned.IsWholeFor([filter]))
                    return null;
                (page, cursor) = (thinned.Events, thinned.Through);
            }
            else if (page.Count == 0)
            {
                Assert.Equal(LogReadStatus.Found, read.Status);
                return delivered;
            }
            else
            {
                cursor = page[^1].Id;
            }

            delivered.AddRange(page.Where(e => filter.Matches(e.Topic)).Select(e => e.Id));
        }
    }

    private static async Task<(List<StreamEvent> Events, IReadOnlyList<TopicFilter> Lost, EventId Through)> ReadAllThinnedAsync(
        IEventLog log, EventId cursor, bool allowNothing = false)
    {
        var (events, lost) = (new List<StreamEvent>(), (IReadOnlyList<TopicFilter>)[]);
        while (await log.ReadThinnedAsync(cursor, 30, int.MaxValue, Stop) is { } read)
        {
            events.AddRange(read.Events);
            (cursor, lost) = (read.Through, read.Lost);
            if (cursor == read.State.Oldest.Previous)
                return (events, lost, cursor);
        }

        Assert.True(allowNothing, "nothing reaches back to the cursor");
        return (events, lost, cursor);
    }

    private protected static EventDraft Draft(string text, string topic = "a") =>
        new() { Topic = Topic.Parse(topic), Type = "t", ContentType = "text/plain", Data = Encoding.UTF8.GetBytes(text) };

    private protected static string Text(StreamEvent e) => Encoding.UTF8.GetString(e.Data.Span);

    private protected static async Task<IReadOnlyList<EventId>> AppendAsync(IEventLog log, params string[] texts)
    {
        var result = await log.AppendAsync(new AppendRequest([.. texts.Select(text => Draft(text))]), Stop);
        Assert.Equal(AppendStatus.Appended, result.Status);
        return result.Ids;
    }

    private protected static async Task FillAsync(IEventLog log, int count, Func<int, string> topic)
    {
        foreach (var some in Enumerable.Range(0, count).Chunk(100))
        {
            var result = await log.AppendAsync(new AppendRequest([.. some.Select(n => Draft($"{n}", topic(n)))]), Stop);
            Assert.Equal(AppendStatus.Appended, result.Status);
        }
    }

    private protected static async Task FillAsync(IEventLog log, int count)
    {
        foreach (var some in Enumerable.Range(1, count).Select(n => $"{n}").Chunk(100))
            await AppendAsync(log, some);
    }
}
