using Buffkit.Streams;
using Buffkit.Streams.Redis;
using StackExchange.Redis;

namespace Buffkit.Tests;

public sealed class RedisEventLogTests(RedisServer server) : EventLogSpecification, IAsyncDisposable
{
    private readonly List<RedisNode> _nodes = [];
    private readonly string _prefix = RedisServer.NewKeyPrefix();

    private protected override async Task<IEventLog> CreateAsync() => (await ConnectAsync()).Log;

    [Fact]
    public async Task TwoNodes_BothAppend_BothReadOneOrder()
    {
        var (a, b) = (await ConnectAsync(), await ConnectAsync());
        var start = await a.Log.FindStartAsync(0, Stop);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(n => AppendAsync(n % 2 == 0 ? a.Log : b.Log, $"{n}")));

        var (ofA, ofB) = (await FollowAsync(a.Log, start, 100), await FollowAsync(b.Log, start, 100));
        Assert.Equal(100, ofA.Count);
        Assert.Equal(ofA.Select(e => (e.Id, Text(e))), ofB.Select(e => (e.Id, Text(e))));
    }

    [Fact]
    public async Task Append_KeySeenByAnotherNode_AnswersTheSameIds()
    {
        var (a, b) = (await ConnectAsync(), await ConnectAsync());
        var request = new AppendRequest([Draft("1")], new Idempotency("key", "f"));
        var first = await a.Log.AppendAsync(request, Stop);
        var second = await b.Log.AppendAsync(request, Stop);
        Assert.Equal((AppendStatus.AlreadyAppended, first.Ids[0]), (second.Status, second.Ids[0]));
    }

    [Fact]
    public async Task Flushed_NextAppend_BeginsANewEpochOnEveryNode()
    {
        var (a, b, late) = (await ConnectAsync(), await ConnectAsync(), await ConnectAsync());
        // A log that began long ago.
        await a.Database.StreamAddAsync(a.Keys.Log, "time", "1", "4-0");
        var start = await a.Log.FindStartAsync(0, Stop);
        await b.Log.FindStartAsync(0, Stop);
        await AppendAsync(a.Log, "1", "2");
        await using var following = b.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await following.MoveNextAsync());

        await a.Database.KeyDeleteAsync(a.Keys.Log);
        // This node has never seen the old epoch.
        var id = (await AppendAsync(late.Log, "3"))[0];

        Assert.NotEqual(start.Epoch, id.Epoch);
        Assert.True(await following.MoveNextAsync());
        Assert.Equal((LogReadStatus.OtherEpoch, id), (following.Current.Status, following.Current.State.Oldest));
        Assert.True(await following.MoveNextAsync());
        Assert.Equal("3", Text(following.Current.Events.Single()));
        Assert.Equal(id.Next, (await AppendAsync(a.Log, "4"))[0]);
    }

    [Fact]
    public async Task Flushed_NobodyAppends_FollowersNoticeAndAgree()
    {
        var (a, b) = (await ConnectAsync(), await ConnectAsync());
        var start = await a.Log.FindStartAsync(0, Stop);
        await AppendAsync(a.Log, "1");
        await using var ofA = a.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        await using var ofB = b.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await ofA.MoveNextAsync());
        Assert.True(await ofB.MoveNextAsync());

        await a.Database.KeyDeleteAsync(a.Keys.Log);

        Assert.True(await ofA.MoveNextAsync());
        Assert.True(await ofB.MoveNextAsync());
        Assert.Equal(LogReadStatus.OtherEpoch, ofA.Current.Status);
        Assert.NotEqual(start.Epoch, ofA.Current.State.Epoch);
        Assert.Equal(ofA.Current.State, ofB.Current.State);
    }

    [Fact]
    public async Task WentBack_NodeThatSawMoreAppends_BeginsANewEpoch()
    {
        var node = await ConnectAsync();
        await AppendAsync(node.Log, "1", "2");
        var backup = await node.Database.KeyDumpAsync(node.Keys.Log);
        var lost = (await AppendAsync(node.Log, "3"))[0];

        await RestoreAsync(node, backup!);
        var id = (await AppendAsync(node.Log, "3 again"))[0];

        Assert.NotEqual(lost.Epoch, id.Epoch);
        Assert.Equal(1, id.Sequence);
    }

    [Fact]
    public async Task WentBack_EndOfTheOldEpoch_CanStillBeReadAndIsFollowedByTheNewOne()
    {
        var node = await ConnectAsync();
        var start = await node.Log.FindStartAsync(0, Stop);
        await AppendAsync(node.Log, "1", "2");
        var backup = await node.Database.KeyDumpAsync(node.Keys.Log);
        var lost = (await AppendAsync(node.Log, "3"))[0];
        await RestoreAsync(node, backup!);
        var id = (await AppendAsync(node.Log, "4"))[0];

        var rest = await node.Log.ReadAsync(start.Next, 10, int.MaxValue, Stop);
        Assert.Equal((LogReadStatus.Found, "2"), (rest.Status, Text(rest.Events.Single())));
        foreach (var cursor in (EventId[])[rest.Events[0].Id, lost])
        {
            var end = await node.Log.ReadAsync(cursor, 10, int.MaxValue, Stop);
            Assert.Equal((LogReadStatus.OtherEpoch, id), (end.Status, end.State.Oldest));
        }
    }

    // A fail-over lost events, and a node that was just started, and cannot know, has given out their ids again.
    [Fact]
    public async Task WentBack_IdsGivenOutAgain_AreNoticedByWhoSawTheFirst()
    {
        var (old, fresh) = (await ConnectAsync(), await ConnectAsync());
        var start = await old.Log.FindStartAsync(0, Stop);
        await AppendAsync(old.Log, "1");
        var backup = await old.Database.KeyDumpAsync(old.Keys.Log);
        await AppendAsync(old.Log, "2", "3");
        await using var following = old.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await following.MoveNextAsync());

        await RestoreAsync(old, backup!);
        await AppendAsync(fresh.Log, "2'", "3'");

        Assert.True(await following.MoveNextAsync());
        Assert.Equal(LogReadStatus.OtherEpoch, following.Current.Status);
        var id = (await AppendAsync(fresh.Log, "4"))[0];
        Assert.Equal(following.Current.State.Oldest, id);
    }

    // The same, but by the time anybody looks the stream is longer than it was.
    [Theory]
    [InlineData(3)]
    [InlineData(30)]
    public async Task WentBack_AndWentOnBeyondWhereItWas_IsNoticedByWhoSawTheFirst(int more)
    {
        var (old, fresh) = (await ConnectAsync(), await ConnectAsync());
        var start = await old.Log.FindStartAsync(0, Stop);
        await AppendAsync(old.Log, "1");
        var backup = await old.Database.KeyDumpAsync(old.Keys.Log);
        var lost = (await AppendAsync(old.Log, "2", "3"))[^1];
        await using var following = old.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await following.MoveNextAsync());

        // In one step, so that no reader sees the stream while it is short.
        var other = await OtherHistoryAsync(backup!, fresh, more);
        await old.Database.ExecuteAsync("RESTORE", old.Keys.Log, 0, other, "REPLACE");

        Assert.True(await following.MoveNextAsync());
        Assert.Equal((LogReadStatus.OtherEpoch, 1), (following.Current.Status, following.Current.State.Oldest.Sequence));
        Assert.NotEqual(lost.Epoch, following.Current.State.Oldest.Epoch);
    }

    [Fact]
    public async Task WentBack_AndWentOn_NodeThatSawTheFirstAppends_BeginsANewEpoch()
    {
        var (old, fresh) = (await ConnectAsync(), await ConnectAsync());
        await AppendAsync(old.Log, "1");
        var backup = await old.Database.KeyDumpAsync(old.Keys.Log);
        var lost = (await AppendAsync(old.Log, "2", "3"))[^1];
        var other = await OtherHistoryAsync(backup!, fresh, 5);
        await old.Database.ExecuteAsync("RESTORE", old.Keys.Log, 0, other, "REPLACE");

        Assert.NotEqual(lost.Epoch, (await AppendAsync(old.Log, "4"))[0].Epoch);
    }

    [Fact]
    public async Task WentBack_BehindWhatOnlyAPageWasReadOf_IsNoticed()
    {
        var (writer, reader) = (await ConnectAsync(), await ConnectAsync());
        var start = await reader.Log.FindStartAsync(0, Stop);
        await AppendAsync(writer.Log, "1");
        var backup = await writer.Database.KeyDumpAsync(writer.Keys.Log);
        await AppendAsync(writer.Log, "2", "3");
        await reader.Log.ReadAsync(start, 10, int.MaxValue, Stop);
        await RestoreAsync(writer, backup!);

        Assert.NotEqual(start.Epoch, (await AppendAsync(reader.Log, "2'"))[0].Epoch);
    }

    [Fact]
    public async Task Epochs_OneAfterAnother_AreAllReadByWhoeverIsBehind()
    {
        var node = await ConnectAsync();
        var first = (await AppendAsync(node.Log, "1"))[0];
        var reader = new RedisLogReader(node.Connections, node.Keys, new RedisOptions(), TimeProvider.System);
        await reader.BeginEpochAsync(RedisPosition.Of(first)!.Value.Epoch, Stop);
        var second = (await AppendAsync(node.Log, "2"))[0];
        await reader.BeginEpochAsync(RedisPosition.Of(second)!.Value.Epoch, Stop);
        var third = (await AppendAsync(node.Log, "3"))[0];

        Assert.Equal(3, new[] { first.Epoch, second.Epoch, third.Epoch }.Distinct().Count());
        var read = await node.Log.ReadAsync(first, 10, int.MaxValue, Stop);
        Assert.Equal((LogReadStatus.OtherEpoch, second), (read.Status, read.State.Oldest));
        read = await node.Log.ReadAsync(second.Previous, 10, int.MaxValue, Stop);
        Assert.Equal("2", Text(read.Events.Single()));
    }

    [Fact]
    public async Task Flushed_ManyAppendAndAskAtOnce_OneEpochBegins()
    {
        RedisNode[] nodes = [await ConnectAsync(), await ConnectAsync(), await ConnectAsync()];
        await AppendAsync(nodes[0].Log, "0");
        foreach (var node in nodes)
            await node.Log.ReadStateAsync(Stop);
        for (var round = 0; round < 50; round++)
        {
            await nodes[0].Database.KeyDeleteAsync(nodes[0].Keys.Log);
            await Task.WhenAll(nodes.SelectMany(node => (Task[])
            [
                node.Log.ReadStateAsync(Stop).AsTask(),
                AppendAsync(node.Log, "x"),
                node.Log.ReadStateAsync(Stop).AsTask(),
            ]));
            var markers = (await nodes[0].Database.StreamRangeAsync(nodes[0].Keys.Log)).Count(entry => RedisPosition.Parse(entry.Id).IsEpochMarker);
            Assert.Equal(1, markers);
        }
    }

    [Fact]
    public async Task Read_LargeEvents_FetchesLittleMoreThanItReturns()
    {
        // Its own, since all that it sends is counted.
        await using var own = await RestartableRedis.StartAsync(keepsEverything: false);
        await using var node = await RedisNode.ConnectAsync(own.ConnectionString, _prefix);
        var start = await node.Log.FindStartAsync(0, Stop);
        var large = new string('x', 60_000);
        for (var n = 0; n < 100; n++)
            await AppendAsync(node.Log, large);

        var before = await SentBytesAsync(node);
        var read = await node.Log.ReadAsync(start, 128, 256 * 1024, Stop);
        Assert.Equal(5, read.Events.Count);
        Assert.InRange(await SentBytesAsync(node) - before, 0, 20 * 60_000);
    }

    [Fact]
    public async Task ForeignEntry_InTheMiddle_IsAGapAndTheRestIsRead()
    {
        var node = await ConnectAsync();
        var start = await node.Log.FindStartAsync(0, Stop);
        var id = (await AppendAsync(node.Log, "1"))[0];
        var foreign = RedisPosition.Of(id.Next)!.Value;
        await node.Database.StreamAddAsync(node.Keys.Log, [new NameValueEntry("nonsense", "1")], foreign.ToString());
        await AppendAsync(node.Log, "3");

        await using var following = node.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        var reads = new List<LogRead>();
        while (reads.Count < 3 && await following.MoveNextAsync())
            reads.Add(following.Current);

        Assert.Equal([LogReadStatus.Found, LogReadStatus.Evicted, LogReadStatus.Found], reads.Select(read => read.Status));
        Assert.Equal(id.Next.Next, reads[1].State.Oldest);
        Assert.Equal("3", Text(reads[2].Events.Single()));
        var catchingUp = await node.Log.ReadAsync(id, 10, int.MaxValue, Stop);
        Assert.Equal((LogReadStatus.Evicted, id.Next.Next), (catchingUp.Status, catchingUp.State.Oldest));
    }

    [Fact]
    public async Task TooOld_WhenFollowed_IsDroppedButForTheNewest()
    {
        // Redis's own clock counts.
        var node = await ConnectAsync(new LogOptions { MaxAge = TimeSpan.FromMicroseconds(1) });
        var start = await node.Log.FindStartAsync(0, Stop);
        await FillAsync(node.Log, 300);
        var latest = node.Log.State.Latest;

        await using var following = node.Log.FollowAsync(start, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await following.MoveNextAsync());

        Assert.Equal(LogReadStatus.Evicted, following.Current.Status);
        Assert.Equal(new LogState(latest, latest), await node.Log.ReadStateAsync(Stop));
    }

    [Fact]
    public async Task WrongKindOfKey_Append_IsUnavailable()
    {
        var node = await ConnectAsync();
        await node.Database.StringSetAsync(node.Keys.Log, "mine");
        Assert.Equal(AppendStatus.Unavailable, (await node.Log.AppendAsync(new AppendRequest([Draft("1")]), Stop)).Status);
        Assert.False(node.Log.IsAvailable);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private async Task<RedisNode> ConnectAsync(LogOptions? options = null)
    {
        var node = await RedisNode.ConnectAsync(await server.StartAsync(), _prefix, options ?? Options);
        _nodes.Add(node);
        return node;
    }

    /// <summary>What the stream would be if another server had gone on from an earlier state of it.</summary>
    private static async Task<byte[]> OtherHistoryAsync(byte[] backup, RedisNode node, int more)
    {
        var elsewhere = await RedisNode.ConnectAsync(node.ConnectionString, RedisServer.NewKeyPrefix());
        await using (elsewhere)
        {
            await elsewhere.Database.KeyRestoreAsync(elsewhere.Keys.Log, backup);
            await AppendAsync(elsewhere.Log, [.. Enumerable.Range(0, more).Select(n => $"other {n}")]);
            return (await elsewhere.Database.KeyDumpAsync(elsewhere.Keys.Log))!;
        }
    }

    private static async Task<long> SentBytesAsync(RedisNode node)
    {
        var info = (string)(await node.Database.ExecuteAsync("INFO", "stats"))!;
        const string Field = "total_net_output_bytes:";
        var line = info.Split("\r\n").Single(text => text.StartsWith(Field, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Field.Length), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task RestoreAsync(RedisNode node, byte[] backup)
    {
        await node.Database.KeyDeleteAsync(node.Keys.Log);
        await node.Database.KeyRestoreAsync(node.Keys.Log, backup);
    }

    private static async Task<List<StreamEvent>> FollowAsync(RedisEventLog log, EventId start, int count)
    {
        var events = new List<StreamEvent>();
        await foreach (var read in log.FollowAsync(start, Stop))
        {
            events.AddRange(read.Events);
            if (events.Count >= count)
                break;
        }

        return events;
    }
}
