using Buffkit.Streams;
using CsCheck;

namespace Buffkit.Tests;

/// <summary>The tail, the cursor and the topic index against models that are too simple to be wrong.</summary>
public sealed class EngineModelTests
{
    private static readonly string[] Segments = ["a", "b", "c"];

    private static readonly Gen<string> GenTopic = AnyOf.These(Segments).Array[1, 3].Select(segments => string.Join('/', segments));

    private static readonly Gen<string> GenFilter =
        Gen.Select(AnyOf.These("a", "b", "c", "*").Array[0, 3], AnyOf.These("a", "*", "**"))
            .Select((first, last) => string.Join('/', [.. first, last]));

    [Fact]
    public void TopicIndex_RandomChanges_MatchesAsTestingEveryFilterDoes()
    {
        var genStep = Gen.Select(Gen.Int[0, 3], GenFilter, GenTopic, Gen.Int[0, 1000]);
        genStep.Array[1, 60].Sample(steps =>
        {
            var index = new TopicIndex<string>();
            var model = new List<(TopicFilter Filter, TopicIndex<string>.Registration Registration)>();
            var found = new List<string>();
            foreach (var (kind, filterText, topicText, pick) in steps)
            {
                var filter = TopicFilter.Parse(filterText);
                if (kind < 2)
                {
                    model.Add((filter, index.Add(filter, $"{filterText} {model.Count}")));
                }
                else if (kind == 2 && model.Count > 0)
                {
                    index.Remove(model[pick % model.Count].Registration);
                    model.RemoveAt(pick % model.Count);
                }

                var topic = Topic.Parse(topicText);
                index.Match(topic, found);
                Assert.Equal(
                    model.Where(entry => entry.Filter.Matches(topic)).Select(entry => entry.Registration.Subscriber).Order(StringComparer.Ordinal),
                    found.Order(StringComparer.Ordinal));
            }

            foreach (var (_, registration) in model)
                index.Remove(registration);
            Assert.Equal(1, index.NodeCount);
        });
    }

    [Fact]
    public void TopicIndex_EveryFilterThatMayBeAsked_IsVisitedNoMoreThanTheSegmentsAllow()
    {
        // Every way to have up to three wildcards among fifteen segments, which match nothing for want of a sixteenth.
        var index = new TopicIndex<string>();
        for (var mask = 0; mask < 1 << 15; mask++)
        {
            if (int.PopCount(mask) <= LimitsOptions.DefaultWildcardsPerFilter)
                index.Add(TopicFilter.Parse(string.Join('/', Enumerable.Range(0, 15).Select(i => (mask & (1 << i)) != 0 ? "*" : "a")) + "/x"), "stranger");
        }

        var visits = Visits(index, "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a");

        Assert.InRange(visits, 1, 3_000);
    }

    [Fact]
    public void TopicIndex_AHundredThousandFiltersOfStrangers_ChangeNothingForATopic()
    {
        var random = new Random(7);
        var index = new TopicIndex<string>();
        index.Add(TopicFilter.Parse("orders/42"), "owner");
        var alone = Visits(index, "orders/42");
        for (var i = 0; i < 100_000; i++)
            index.Add(TopicFilter.Parse($"public/{Segment()}/{Segment()}/{Segment()}/{i}"), "stranger");

        Assert.Equal(alone, Visits(index, "orders/42"));
        Assert.InRange(Visits(index, "public/news/42"), 1, 1 + 2 + 4);
        Assert.InRange(index.NodeCount, 100_000, 2 * 100_001);

        string Segment() => random.Next(2) == 0 ? "*" : $"s{random.Next(100)}";
    }

    private static long Visits(TopicIndex<string> index, string topic)
    {
        var before = index.Visits;
        index.Match(Topic.Parse(topic), []);
        return index.Visits - before;
    }

    [Fact]
    public void Tail_RandomAppendsGapsAndEpochs_FindsAndReadsAsAListDoes()
    {
        // Steps: append, a hole in the log, a new epoch, look a cursor up.
        var genStep = Gen.Select(Gen.Frequency((10, Gen.Const(0)), (1, Gen.Const(1)), (1, Gen.Const(2)), (6, Gen.Const(3))), Gen.Int[0, 5000], Gen.Int[0, 1_000_000]);
        genStep.Array[1, 120].Sample(steps =>
        {
            var epochs = Enumerable.Range(0, 200).Select(_ => Epoch.New()).ToArray();
            var latest = new EventId(epochs[0], 0);
            var options = new TailOptions { Capacity = 16, MaxBytes = 65_536 };
            var tail = new EventTail(options);
            tail.Start(latest);
            var model = new List<TailEntry>();
            var cursors = new List<EventId> { latest };
            foreach (var (kind, size, pick) in steps)
            {
                switch (kind)
                {
                    case 0:
                        Append(new TailEntry(Event(latest.Next, size)));
                        break;
                    case 1:
                        Append(new TailEntry(new Gap(null, latest with { Sequence = latest.Sequence + 5 }, GapReason.Evicted)));
                        break;
                    case 2:
                        Append(new TailEntry(new Gap(null, new EventId(epochs[Array.IndexOf(epochs, latest.Epoch) + 1], 1), GapReason.Epoch)));
                        break;
                    default:
                        Check(cursors[pick % cursors.Count]);
                        break;
                }
            }

            void Append(TailEntry entry)
            {
                tail.Append(entry);
                model.Add(entry);
                latest = entry.Id;
                cursors.Add(latest);
            }

            void Check(EventId cursor)
            {
                var held = Held();
                var position = cursors.IndexOf(cursor);
                var firstHeld = model.Count - held;
                var found = tail.Find(cursor, out var index);
                // A cursor of an epoch that has wholly left the ring is the log's to judge.
                Assert.Equal(position >= firstHeld, found is TailRead.Found);
                if (found is not TailRead.Found)
                    return;
                Assert.Equal(position, index);
                for (var i = position; i < model.Count; i++)
                {
                    Assert.Equal(TailRead.Found, tail.Read(i + 1, out var entry));
                    Assert.Same(model[i], entry);
                }

                Assert.Equal(TailRead.NotYet, tail.Read(model.Count + 1, out _));
            }

            int Held()
            {
                var (count, bytes) = (0, 0L);
                while (count < model.Count && count < options.Capacity && (count == 0 || bytes + model[^(count + 1)].Size <= options.MaxBytes))
                    bytes += model[^++count].Size;
                return count;
            }
        });
    }

    [Fact]
    public async Task Connection_AnyCursorFilterAndMoment_GetsExactlyWhatMatchesAfterIt()
    {
        // Steps: publish, connect at an id seen before, let a connection's writes through, hold them up, publish while the tail
        // lags behind the log, let it come up.
        var genStep = Gen.Select(
            Gen.Frequency((8, Gen.Const(0)), (2, Gen.Const(1)), (3, Gen.Const(2)), (3, Gen.Const(3)), (5, Gen.Const(4)), (1, Gen.Const(5))), GenTopic, GenFilter, Gen.Int[0, 1_000_000]);
        await genStep.Array[1, 150].SampleAsync(async steps =>
        {
            using var engine = new DeliveryEngine(new StreamsOptions
            {
                // Small, so that every path is taken.
                Tail = { Capacity = 16 },
                Delivery = { MaxPendingBytes = 1_000, MaxBatchBytes = 700 },
            });
            var published = new List<(EventId Id, Topic Topic)>();
            var clients = new List<(DeliveryClient Client, TopicFilter Filter, int After)>();
            foreach (var (kind, topicText, filterText, pick) in steps)
            {
                switch (kind)
                {
                    case 0 or 4:
                        var topic = Topic.Parse(topicText);
                        published.Add((await engine.PublishAsync(topic), topic));
                        if (kind == 0)
                            await engine.FeedAsync();
                        break;
                    case 5:
                        await engine.FeedAsync();
                        break;
                    case 1:
                        var after = pick % (published.Count + 1);
                        var start = after == 0 ? engine.Start : published[after - 1].Id;
                        var filter = TopicFilter.Parse(filterText);
                        clients.Add((engine.Connect(filter, start), filter, after));
                        break;
                    case 2 when clients.Count > 0:
                        clients[pick % clients.Count].Client.Sink.Release();
                        break;
                    case 3 when clients.Count > 0:
                        clients[pick % clients.Count].Client.Sink.Hold();
                        break;
                }
            }

            await engine.FeedAsync();
            foreach (var (client, filter, after) in clients)
            {
                client.Sink.Release();
                var expected = published.Skip(after).Where(e => filter.Matches(e.Topic)).Select(e => e.Id).ToArray();
                await client.Sink.WaitAsync(expected.Length);
                await client.LeaveAsync();
                Assert.Equal(expected, client.Sink.Received);
                Assert.Single(client.Sink.Sent, sent => sent.Type == EventType.Live);
            }
        }, iter: 300, threads: 1);
    }

    private static StreamEvent Event(EventId id, int size) =>
        new(id, DateTimeOffset.UnixEpoch, new EventDraft { Topic = Topic.Parse("a"), Type = "t", Data = new byte[size] });
}
