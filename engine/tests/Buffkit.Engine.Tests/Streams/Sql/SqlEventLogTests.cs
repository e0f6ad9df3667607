using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

public sealed class SqliteEventLogTests(PostgresServer postgres, MySqlServer mySql) : SqlEventLogSpecification(EventTables.Sqlite, postgres, mySql);

public sealed class PostgresEventLogTests(PostgresServer postgres, MySqlServer mySql) : SqlEventLogSpecification(EventTables.Postgres, postgres, mySql);

public sealed class MySqlEventLogTests(PostgresServer postgres, MySqlServer mySql) : SqlEventLogSpecification(EventTables.MySql, postgres, mySql);

/// <summary>The log of a server that runs alone, on a real database.</summary>
public abstract class SqlEventLogSpecification(string engine, PostgresServer postgres, MySqlServer mySql) : EventLogSpecification, IAsyncDisposable
{
    private readonly List<SqlLogNode> _nodes = [];
    private EventTables? _tables;

    private protected override async Task<IEventLog> CreateAsync() => (await StartAsync()).Log;

    [Fact]
    public async Task Restart_GoesOnInTheSameEpochWithAllThatWasAccepted()
    {
        var first = await StartAsync();
        var start = await first.Log.FindStartAsync(0, Stop);
        var accepted = new List<EventId>();
        for (var n = 0; n < 30; n++)
            accepted.AddRange((await first.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", n)]), Stop)).Ids);
        await first.StopAsync();

        var second = await StartAsync();
        var next = (await second.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 30)]), Stop)).Ids[0];

        Assert.Equal(accepted[^1].Next, next);
        var read = await second.Log.ReadAsync(start, 100, int.MaxValue, Stop);
        Assert.Equal([.. accepted, next], read.Events.Select(e => e.Id));
        Assert.Equal(Enumerable.Range(0, 31).Select(n => $"{n}"), read.Events.Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span)));
    }

    [Fact]
    public async Task Restart_RequestIsSentAgain_IsAnsweredAsBefore()
    {
        var first = await StartAsync();
        var request = new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 1)], new Idempotency("key", "f"));
        var numbered = new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 2)], Producer: new ProducerSequence("outbox", 7) { Fingerprint = "g" });
        var answers = new[] { await first.Log.AppendAsync(request, Stop), await first.Log.AppendAsync(numbered, Stop) };
        await first.StopAsync();

        var second = await StartAsync();
        var again = new[] { await second.Log.AppendAsync(request, Stop), await second.Log.AppendAsync(numbered, Stop) };

        Assert.All(again, answer => Assert.Equal(AppendStatus.AlreadyAppended, answer.Status));
        Assert.Equal(answers.Select(answer => answer.Ids[0]), again.Select(answer => answer.Ids[0]));
    }

    [Fact]
    public async Task Append_AnotherServerHasTheLog_IsRefusedUntilThatOneIsGone()
    {
        var first = await StartAsync();
        var one = (await first.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 1)]), Stop)).Ids[0];
        var second = await StartAsync(waitUntilOpen: false);

        await Eventually.TrueAsync(() => !second.Health.IsWritable, "the second server says that it may not write");
        Assert.Equal(AppendStatus.Unavailable, (await second.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 2)]), Stop)).Status);
        await first.StopAsync();

        await Eventually.TrueAsync(() => second.Log.IsAvailable, "the second server has the log");
        Assert.Equal(one.Next, (await second.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 2)]), Stop)).Ids[0]);
    }

    [Theory]
    [InlineData(HistoryDurability.Process)]
    [InlineData(HistoryDurability.Relaxed)]
    public async Task Stop_WithLessThanDisk_LosesNothingAndKeepsTheEpoch(HistoryDurability durability)
    {
        var first = await StartAsync(durability: durability);
        var start = await first.Log.FindStartAsync(0, Stop);
        // Not one by one: much of it is accepted when the stop comes.
        var accepted = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => AppendAsync(first, n)));
        Assert.Equal(1, await _tables!.NumberAsync(Unsafe));
        await first.StopAsync();

        Assert.Equal(0, await _tables.NumberAsync(Unsafe));
        var second = await StartAsync(durability: durability);
        var read = await second.Log.ReadAsync(start, 1_000, int.MaxValue, Stop);
        Assert.Equal(accepted.OrderBy(id => id.Sequence), read.Events.Select(e => e.Id));
    }

    [Fact]
    public async Task Restart_AfterAHardEndWithLessThanDisk_BeginsANewEpochAndKeepsWhatIsThere()
    {
        var first = await StartAsync();
        var start = await first.Log.FindStartAsync(0, Stop);
        var accepted = await AppendAsync(first, 1);
        await first.StopAsync();
        await _tables!.ExecuteAsync("UPDATE event_runs SET unsafe_in = 'another life'");

        var second = await StartAsync();
        var next = await AppendAsync(second, 2);

        Assert.NotEqual(accepted.Epoch, next.Epoch);
        Assert.Equal(LogReadStatus.OtherEpoch, (await second.Log.ReadAsync(start, 1, 1, Stop)).Status);
        using var history = new SqlEventHistory(_tables.Database, new HistoryOptions(), second.Health);
        Assert.Equal([accepted], (await history.ReadAsync(start, 10, int.MaxValue, Stop)).Events.Select(e => e.Id));
    }

    [Fact]
    public async Task Start_TheHistoryIsOfALogThatServersShare_BeginsAnEpochOfItsOwn()
    {
        var first = await StartAsync();
        var shared = await AppendAsync(first, 1);
        await first.StopAsync();
        await _tables!.ExecuteAsync("UPDATE event_runs SET origin = 'copy'");

        var second = await StartAsync();

        Assert.NotEqual(shared.Epoch, (await AppendAsync(second, 2)).Epoch);
    }

    [Fact]
    public async Task Write_TheDatabaseLostWhatItHad_GetsItAgainFromMemory()
    {
        var node = await StartAsync();
        var start = await node.Log.FindStartAsync(0, Stop);
        var accepted = new List<EventId>();
        for (var n = 0; n < 10; n++)
            accepted.Add(await AppendAsync(node, n));
        await _tables!.ExecuteAsync("DELETE FROM event_history WHERE sequence > 5");
        await LoseLeaseAsync(node, terms: 0);

        accepted.Add(await AppendAsync(node, 10));

        using var history = new SqlEventHistory(_tables.Database, new HistoryOptions(), node.Health);
        Assert.Equal(accepted, (await history.ReadAsync(start, 100, int.MaxValue, Stop)).Events.Select(e => e.Id));
    }

    [Fact]
    public async Task Write_TheDatabaseLostWhatItHadUnnoticed_IsFoundOutByTheNextAndRequestsComeAgainToo()
    {
        var node = await StartAsync();
        var start = await node.Log.FindStartAsync(0, Stop);
        for (var n = 0; n < 5; n++)
            await AppendAsync(node, n);
        var keyed = new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 5)], new Idempotency("key", "f"));
        var numbered = new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 6)], Producer: new ProducerSequence("outbox", 7) { Fingerprint = "g" });
        var first = new[] { await node.Log.AppendAsync(keyed, Stop), await node.Log.AppendAsync(numbered, Stop) };
        await _tables!.ExecuteAsync("DELETE FROM event_history WHERE sequence > 5");
        await _tables.ExecuteAsync("DELETE FROM event_requests");
        await _tables.ExecuteAsync("DELETE FROM event_producers");

        // The one that finds it out is refused: whether it is there nobody knew.
        await Eventually.TrueAsync(
            async () => (await node.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 7)]), Stop)).Status is AppendStatus.Appended,
            "events are accepted again");
        await node.StopAsync();

        using var history = new SqlEventHistory(_tables.Database, new HistoryOptions(), node.Health);
        Assert.Equal(Enumerable.Range(0, 8).Select(n => $"{n}"), (await history.ReadAsync(start, 100, int.MaxValue, Stop)).Events.Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span)));
        var second = await StartAsync();
        var again = new[] { await second.Log.AppendAsync(keyed, Stop), await second.Log.AppendAsync(numbered, Stop) };
        Assert.All(again, answer => Assert.Equal(AppendStatus.AlreadyAppended, answer.Status));
        Assert.Equal(first.Select(answer => answer.Ids[0]), again.Select(answer => answer.Ids[0]));
    }

    [Theory]
    [InlineData("DELETE FROM event_history")]
    [InlineData("DELETE FROM event_history WHERE sequence > 2")]
    public async Task Restart_RowsWereDeletedByHand_BeginsANewEpochInsteadOfGivingIdsAgain(string statement)
    {
        var first = await StartAsync();
        var accepted = default(EventId);
        for (var n = 0; n < 5; n++)
            accepted = await AppendAsync(first, n);
        await first.StopAsync();
        await _tables!.ExecuteAsync(statement);

        var second = await StartAsync();

        Assert.NotEqual(accepted.Epoch, (await AppendAsync(second, 5)).Epoch);
    }

    [Fact]
    public async Task Append_ByAnOutboxToARelaxedLog_IsAnsweredWhenItIsWritten()
    {
        var node = await StartAsync(durability: HistoryDurability.Relaxed);
        // The row that is to be written is there already, as another transaction's: the log waits for it.
        await using var connection = await _tables!.Source.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await connection.Command(transaction, "UPDATE event_leases SET holder = holder WHERE name = 'log'").ExecuteAsync(Stop);

        var plain = await node.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 1)]), Stop);
        var numbered = node.Log.AppendAsync(
            new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 2)], Producer: new ProducerSequence("outbox", 1) { Fingerprint = "f" }), Stop).AsTask();

        Assert.Equal(AppendStatus.Appended, plain.Status);
        Assert.False(numbered.IsCompleted);
        await transaction.RollbackAsync(Stop);
        Assert.Equal(AppendStatus.Appended, (await numbered).Status);
    }

    [Fact]
    public async Task Append_LargerThanAllOfTheQueue_IsTaken()
    {
        var node = await StartAsync();
        var large = new EventDraft { Topic = Topic.Parse("a"), Type = "t", ContentType = "application/octet-stream", Data = new byte[65 * 1024 * 1024] };
        var queue = new SqlLogQueue();

        Assert.NotNull(queue.TryAdd(new AppendRequest([large])));
        Assert.Null(queue.TryAdd(new AppendRequest([large])));
        Assert.True(node.Log.IsAvailable);
    }

    [Fact]
    public async Task Write_AnotherServerHadTheLogAndItIsShorterNow_BeginsANewEpochWhichFollowersSee()
    {
        var node = await StartAsync();
        var accepted = default(EventId);
        for (var n = 0; n < 10; n++)
            accepted = await AppendAsync(node, n);
        await using var follower = node.Log.FollowAsync(accepted, Stop).GetAsyncEnumerator(Stop);
        var following = follower.MoveNextAsync();
        await _tables!.ExecuteAsync("DELETE FROM event_history WHERE sequence > 5");
        await LoseLeaseAsync(node, terms: 1);

        var next = await AppendAsync(node, 10);

        Assert.NotEqual(accepted.Epoch, next.Epoch);
        Assert.True(await following);
        Assert.Equal(LogReadStatus.OtherEpoch, follower.Current.Status);
        Assert.True(await follower.MoveNextAsync());
        Assert.Equal(next, follower.Current.Events[0].Id);
    }

    [Theory]
    [InlineData(HistoryDurability.Disk)]
    [InlineData(HistoryDurability.Relaxed)]
    public async Task Prune_WhileEventsAreWritten_KeepsTheNewestWithoutAHole(HistoryDurability durability)
    {
        const int Count = 4_000;
        const int Kept = 500;
        var node = await StartAsync(durability: durability);
        var start = await node.Log.FindStartAsync(0, Stop);
        using var retention = new HistoryRetention(
            _tables!.Database, new HistoryOptions { MaxAge = TimeSpan.Zero, MaxEvents = Kept }, node.Health, TimeProvider.System);
        using var history = new SqlEventHistory(_tables.Database, new HistoryOptions(), node.Health);
        using var written = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var pruning = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
                await retention.PruneAsync(Stop);
        }, Stop);
        var reading = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
            {
                var latest = node.Log.State.Latest;
                if (await history.FindOldestAsync(latest.Next, Stop) is not { } oldest)
                    continue;
                var page = await history.ReadAsync(oldest.Previous, Count, int.MaxValue, Stop);
                Assert.Equal(Enumerable.Range(0, page.Events.Count).Select(n => oldest.Sequence + n), page.Events.Select(e => e.Id.Sequence));
            }
        }, Stop);

        await Parallel.ForEachAsync(Enumerable.Range(0, Count / 10), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Stop }, async (n, stop) =>
        {
            var result = await node.Log.AppendAsync(new AppendRequest([.. Enumerable.Range(0, 10).Select(i => EventDraft.Json(Topic.Parse("a"), "t", (n * 10) + i))]), stop);
            Assert.Equal(AppendStatus.Appended, result.Status);
        });
        await written.CancelAsync();
        await Task.WhenAll(pruning, reading);
        await node.StopAsync();
        await retention.PruneAsync(Stop);

        Assert.Equal(Count, (await _tables.NumberAsync("SELECT MAX(sequence) FROM event_history")) - start.Sequence);
        Assert.Equal(Kept, await _tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
    }

    [Fact]
    public async Task Stop_ServicesWereDisposedOfBefore_EndsAndGivesTheLogUp()
    {
        var first = await StartAsync();
        first.DisposeOfWriter();
        await first.StopAsync();

        var second = await StartAsync();
        Assert.True(second.Log.IsAvailable);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.StopAsync();
        if (_tables is not null)
            await _tables.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private const string Unsafe = "SELECT COUNT(*) FROM event_runs WHERE unsafe_in IS NOT NULL";

    private static async Task<EventId> AppendAsync(SqlLogNode node, int data)
    {
        var result = await node.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", data)]), Stop);
        Assert.Equal(AppendStatus.Appended, result.Status);
        return result.Ids[0];
    }

    // As if its lease had been over, and others had had it so many times.
    private async Task LoseLeaseAsync(SqlLogNode node, int terms)
    {
        await _tables!.ExecuteAsync($"UPDATE event_leases SET holder = 'nobody', term = term + {terms}, expires_at = 0 WHERE name = 'log'");
        var refused = await node.Log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", "refused")]), Stop);
        Assert.Equal(AppendStatus.Unavailable, refused.Status);
        await Eventually.TrueAsync(
            async () => await _tables.NumberAsync("SELECT COUNT(*) FROM event_leases WHERE name = 'log' AND holder LIKE '%:%'") == 1 && node.Log.IsAvailable && node.Health.IsWriter,
            "the server has the log again");
    }

    private async Task<SqlLogNode> StartAsync(bool waitUntilOpen = true, HistoryDurability durability = HistoryDurability.Disk)
    {
        _tables ??= await EventTables.CreateAsync(engine, postgres, mySql);
        var node = new SqlLogNode(_tables.Database, Options, new HistoryOptions { Lease = TimeSpan.FromSeconds(1), Durability = durability });
        _nodes.Add(node);
        await node.StartAsync();
        if (waitUntilOpen)
            await node.Log.FindStartAsync(0, Stop);
        return node;
    }
}

/// <summary>One server's part of a log in a database, without the server.</summary>
internal sealed class SqlLogNode : IAsyncDisposable
{
    private readonly SqlLogStore _store;
    private readonly SqlLogWriter _writer;
    private bool _isStopped;

    public SqlLogNode(EventDatabase database, LogOptions log, HistoryOptions history)
    {
        var queue = new SqlLogQueue();
        Health = new HistoryHealth(NullLogger<HistoryHealth>.Instance);
        _store = new SqlLogStore(database, log, history, Health, TimeProvider.System);
        Log = new SqlEventLog(_store, queue, Health, TimeProvider.System);
        _writer = new SqlLogWriter(Log, _store, queue, history, Health, TimeProvider.System);
    }

    public SqlEventLog Log { get; }

    public HistoryHealth Health { get; }

    public Task StartAsync() => _writer.StartingAsync(TestContext.Current.CancellationToken);

    /// <summary>As a host does whose start failed, or that is disposed of without being stopped.</summary>
    public void DisposeOfWriter() => _writer.Dispose();

    public ValueTask DisposeAsync() => new(StopAsync());

    public async Task StopAsync()
    {
        if (_isStopped)
            return;
        _isStopped = true;
        await _writer.StoppedAsync(CancellationToken.None);
        _writer.Dispose();
        _store.Dispose();
    }
}
