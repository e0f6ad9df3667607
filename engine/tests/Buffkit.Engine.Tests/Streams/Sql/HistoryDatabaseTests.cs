using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Buffkit.Tests;

/// <summary>The history of a log that servers share, on the three real databases.</summary>
public sealed class HistoryDatabaseTests(PostgresServer postgres, MySqlServer mySql)
{
    private static readonly HistoryOptions History = new() { Lease = TimeSpan.FromSeconds(1) };

    public static TheoryData<string> Engines => [EventTables.Sqlite, EventTables.Postgres, EventTables.MySql];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_AllThatAnEventHas_ComesBack(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var node = new HistoryNode(tables, new LogOptions());
        var full = new EventDraft
        {
            Topic = Topic.Parse("orders/ä/42"),
            Type = "order.created 😀",
            Key = "k-1",
            ContentType = "image/png",
            Data = new byte[] { 0, 255, 13, 10, 0 },
            CloudEvent = new CloudEventAttributes(
                "id", "/source", "subject", "2026-09-01T12:00:00.123456789+02:00", "http://schema", "text/x", [new("ext", "1")], HasTextData: true),
        };
        await node.Log.AppendAsync(new AppendRequest([full, EventDraft.Json(Topic.Parse("a"), "t", 1), new EventDraft { Topic = Topic.Parse("a"), Type = "t" }]), Stop);
        await node.CopiedAsync();

        var expected = (await node.Log.ReadAsync(node.Start, 10, int.MaxValue, Stop)).Events;
        var events = (await node.History.ReadAsync(node.Start, 10, int.MaxValue, Stop)).Events;

        Assert.Equal(expected.Select(Describe), events.Select(Describe));
        Assert.Equivalent(full.CloudEvent, events[0].Draft.CloudEvent, strict: true);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Read_AHundredThousandEvents_FromTheFirstTheMiddleAndByTime_AreExact(string engine)
    {
        const int Count = 100_000;
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var time = new SteppingTime();
        await using var node = new HistoryNode(tables, new LogOptions { MaxEvents = 200_000, MaxBytes = 1L << 30 }, time);
        for (var n = 0; n < Count; n += 1_000)
            await node.Log.AppendAsync(new AppendRequest([.. Enumerable.Range(n, 1_000).Select(i => EventDraft.Json(Topic.Parse($"t/{i % 7}"), "t", i))]), Stop);
        await node.CopiedAsync();

        await AssertExactAsync(node.Start, 1, Count);
        await AssertExactAsync(node.Start with { Sequence = (Count / 2) + 3 }, (Count / 2) + 4, Count);
        var past = node.Start with { Sequence = Count + 1 };
        var moment = (await node.Log.ReadAsync(node.Start with { Sequence = 77_000 }, 1, 1, Stop)).Events[0].Time;
        Assert.Equal(77_001, (await node.History.FindSinceAsync(moment, past, Stop))!.Value.Sequence);
        Assert.Equal(78_001, (await node.History.FindSinceAsync(moment + TimeSpan.FromMicroseconds(1), past, Stop))!.Value.Sequence);
        Assert.Equal(1, (await node.History.FindOldestAsync(past, Stop))!.Value.Sequence);

        async Task AssertExactAsync(EventId after, int from, int to)
        {
            var next = from;
            while (true)
            {
                var page = await node.History.ReadAsync(after, 5_000, int.MaxValue, Stop);
                if (page.Status is not LogReadStatus.Found)
                    break;
                foreach (var e in page.Events)
                    Assert.Equal((next, $"{next++ - 1}"), ((int)e.Id.Sequence, System.Text.Encoding.UTF8.GetString(e.Data.Span)));
                after = page.Events[^1].Id;
            }

            Assert.Equal(to + 1, next);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TwoServers_OneWritesAndTheOtherTakesOverWithoutAHole(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var first = new HistoryNode(tables, new LogOptions());
        await using var second = new HistoryNode(tables, first.Log);
        await first.AppendAsync(50);
        await first.CopiedAsync();
        Assert.Single([first, second], node => node.Health.IsWriter);

        await (first.Health.IsWriter ? first : second).StopAsync();
        await first.AppendAsync(50);
        await (first.Health.IsWriter ? first : second).CopiedAsync();

        Assert.Equal(100, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
        Assert.Equal(1, await tables.NumberAsync("SELECT COUNT(*) FROM event_runs"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_LeaseWasTakenByAnother_NothingIsWritten(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        using var lease = new DatabaseLease(tables.Database, "history", TimeSpan.FromMinutes(1));
        Assert.True(await lease.TryAcquireAsync(Stop));

        await tables.ExecuteAsync("UPDATE event_leases SET term = term + 1 WHERE name = 'history'");
        var written = await tables.Database.InTransactionAsync(
            async (connection, transaction) =>
            {
                var held = await lease.HoldAsync(connection, transaction, Stop);
                return held;
            },
            Stop);

        Assert.False(written);
        Assert.False(lease.IsHeld);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Hold_AnotherHasTheSameTerm_IsRefused(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        using var lease = new DatabaseLease(tables.Database, "history", TimeSpan.FromMinutes(1));
        Assert.True(await lease.TryAcquireAsync(Stop));

        await tables.ExecuteAsync("UPDATE event_leases SET holder = 'another' WHERE name = 'history'");

        Assert.False(await lease.RenewAsync(Stop));
    }

    [Theory]
    [InlineData(EventTables.Postgres)]
    [InlineData(EventTables.MySql)]
    public async Task Acquire_TheDatabasesClockWasSetBack_DoesNotWaitForIt(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await tables.ExecuteAsync($"UPDATE event_leases SET holder = 'gone', expires_at = {tables.Database.Now} + 3600000000 WHERE name = 'history'");
        using var lease = new DatabaseLease(tables.Database, "history", TimeSpan.FromMinutes(1));

        Assert.True(await lease.TryAcquireAsync(Stop));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TheLogWasLeftAndHasComeBack_ItsRunGoesOnFromWhereItBegan(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var log = new MemoryEventLog(new LogOptions { MaxEvents = 8 }, TimeProvider.System);
        await using (var before = new HistoryNode(tables, log))
        {
            for (var n = 0; n < 3; n++)
            {
                await before.AppendAsync(5);
                await before.CopiedAsync();
            }
        }

        await using (var alone = new HistoryNode(tables, new LogOptions()))
        {
            await alone.AppendAsync(5);
            await alone.CopiedAsync();
        }

        await using var node = new HistoryNode(tables, log);
        await node.AppendAsync(4);
        await node.CopiedAsync();

        var oldest = await node.History.FindOldestAsync(log.State.Oldest, Stop);
        Assert.Equal(1, oldest!.Value.Sequence);
        Assert.Equal(19, (await node.History.ReadAsync(oldest.Value.Previous, 100, int.MaxValue, Stop)).Events.Count);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TheDatabaseLostTheEndUnnoticed_ItIsCopiedAgain(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var node = new HistoryNode(tables, new LogOptions());
        await node.AppendAsync(10);
        await node.CopiedAsync();
        await tables.ExecuteAsync("DELETE FROM event_history WHERE sequence > 6");

        await node.AppendAsync(10);
        await node.CopiedAsync();

        Assert.Equal(20, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
    }

    [Fact]
    public async Task Health_PruningFailed_DoesNotKeepEventsFromBeingWritten()
    {
        var health = new HistoryHealth(NullLogger<HistoryHealth>.Instance);

        health.PruneFailed(new TimeoutException());
        health.WriteSucceeded();

        Assert.True(health.IsWritable);
        Assert.Equal(HealthStatus.Degraded, (await health.CheckHealthAsync(new HealthCheckContext(), Stop)).Status);
        health.PruneSucceeded();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new HealthCheckContext(), Stop)).Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TheLogIsBehindTheHistory_SaysSoAndCopiesNothing(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var epoch = Epoch.New();
        await using (var before = new HistoryNode(tables, new MemoryEventLog(new LogOptions(), TimeProvider.System, new EventId(epoch, 0))))
        {
            await before.AppendAsync(10);
            await before.CopiedAsync();
        }

        await using var node = new HistoryNode(tables, new MemoryEventLog(new LogOptions(), TimeProvider.System, new EventId(epoch, 0)));
        await node.AppendAsync(3);

        await Eventually.TrueAsync(() => !node.Health.IsWritable, "health says that the log is behind");
        Assert.Equal(10, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Prune_RequestsWhoseLifetimeIsOver_AreDeletedAndOthersStay(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await tables.Database.InTransactionAsync(
            async (connection, transaction) =>
            {
                await tables.Database.InsertRowsAsync(
                    connection,
                    transaction,
                    new RowInsert<int>(
                        "INSERT INTO event_requests (request_key, epoch, first_sequence, event_count, expires_at) VALUES (",
                        n => [$"key-{n}", "e", 1, 1, n % 2 == 0 ? 1L : long.MaxValue / 2],
                        _ => 1),
                    [.. Enumerable.Range(0, 5_000)],
                    Stop);
                return true;
            },
            Stop);
        using var retention = new HistoryRetention(tables.Database, new HistoryOptions(), new HistoryHealth(NullLogger<HistoryHealth>.Instance), TimeProvider.System);

        await retention.PruneAsync(Stop);

        Assert.Equal(2_500, await tables.NumberAsync("SELECT COUNT(*) FROM event_requests"));
        Assert.Equal(0, await tables.NumberAsync("SELECT COUNT(*) FROM event_requests WHERE expires_at = 1"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Acquire_ManyAtOnce_OneGetsIt(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var leases = Enumerable.Range(0, 8).Select(_ => new DatabaseLease(tables.Database, "history", TimeSpan.FromMinutes(1))).ToArray();

        var acquired = await Task.WhenAll(leases.Select(lease => Task.Run(() => lease.TryAcquireAsync(Stop))));

        Assert.Equal(1, acquired.Count(one => one));
        foreach (var lease in leases)
            lease.Dispose();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Read_LogLostEventsBeforeTheyWereCopied_TheHoleIsNeitherReadOverNorClaimed(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var node = new HistoryNode(tables, new LogOptions { MaxEvents = 64 });
        await node.AppendAsync(10);
        await node.CopiedAsync();
        await tables.ExecuteAsync("DELETE FROM event_history WHERE sequence BETWEEN 4 AND 6");

        var before = await node.History.ReadAsync(node.Start, 100, int.MaxValue, Stop);
        var behind = await node.History.ReadAsync(node.Start with { Sequence = 3 }, 100, int.MaxValue, Stop);

        Assert.Equal([1L, 2, 3], before.Events.Select(e => e.Id.Sequence));
        Assert.Equal(LogReadStatus.Evicted, behind.Status);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Prune_ByAgeAndCount_LeavesTheRestAndTheNewest(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var time = new SteppingTime();
        await using var node = new HistoryNode(tables, new LogOptions(), time);
        for (var n = 0; n < 5; n++)
            await node.AppendAsync(1_000);
        await node.CopiedAsync();

        await PruneAsync(new HistoryOptions { MaxAge = TimeSpan.Zero, MaxEvents = 1_500 });
        Assert.Equal((3_501L, 5_000L), (await tables.NumberAsync("SELECT MIN(sequence) FROM event_history"), await tables.NumberAsync("SELECT MAX(sequence) FROM event_history")));

        time.Advance(TimeSpan.FromDays(30));
        await PruneAsync(new HistoryOptions { MaxAge = TimeSpan.FromDays(1) });
        Assert.Equal(5_000, await tables.NumberAsync("SELECT MIN(sequence) FROM event_history"));
        Assert.Equal(1, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));

        async Task PruneAsync(HistoryOptions options)
        {
            options.Lease = TimeSpan.FromSeconds(5);
            using var retention = new HistoryRetention(tables.Database, options, node.Health, time);
            await retention.PruneAsync(Stop);
        }
    }

    private static string Describe(StreamEvent e) =>
        $"{e.Id} {e.Time.Ticks / 10} {e.Topic} {e.Type} {e.Key} {e.ContentType} {Convert.ToHexString(e.Data.Span)}";

    /// <summary>A clock that moves on by a millisecond each time it is read.</summary>
    private sealed class SteppingTime : TimeProvider
    {
        private long _steps;
        private long _ahead;

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

        public override DateTimeOffset GetUtcNow() =>
            new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(Interlocked.Read(ref _ahead)).AddMilliseconds(Interlocked.Increment(ref _steps));
    }

    /// <summary>One server's part of a history: a log, its tail, and who copies it.</summary>
    private sealed class HistoryNode : IAsyncDisposable
    {
        private readonly EventTables _tables;
        private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(HistoryDatabaseTests.Stop);
        private readonly EventTail _tail = new(new TailOptions());
        private readonly HistoryWriter _writer;
        private readonly Task _feeding;
        private bool _isStopped;

        public HistoryNode(EventTables tables, LogOptions options, TimeProvider? time = null)
            : this(tables, new MemoryEventLog(options, time ?? TimeProvider.System))
        {
        }

        public HistoryNode(EventTables tables, IEventLog log)
        {
            (_tables, Log) = (tables, log);
            Start = log.State.Latest;
            Health = new HistoryHealth(NullLogger<HistoryHealth>.Instance);
            History = new SqlEventHistory(tables.Database, HistoryDatabaseTests.History, Health);
            _tail.Start(Start);
            _feeding = FeedAsync();
            _writer = new HistoryWriter(log, _tail, tables.Database, HistoryDatabaseTests.History, Health, TimeProvider.System, NullLogger<HistoryWriter>.Instance);
            _ = _writer.StartAsync(_stop.Token);
        }

        public IEventLog Log { get; }

        public EventId Start { get; }

        public HistoryHealth Health { get; }

        public SqlEventHistory History { get; }

        public async Task AppendAsync(int count) =>
            await Log.AppendAsync(new AppendRequest([.. Enumerable.Range(0, count).Select(n => EventDraft.Json(Topic.Parse("a"), "t", n))]), HistoryDatabaseTests.Stop);

        public Task CopiedAsync() => Eventually.TrueAsync(
            async () => await _tables.NumberAsync($"SELECT COALESCE(MAX(sequence), 0) FROM event_history WHERE epoch = '{Start.Epoch}'") == Log.State.Latest.Sequence,
            "all events are in the database",
            TimeSpan.FromMinutes(5));

        public async Task StopAsync()
        {
            if (_isStopped)
                return;
            _isStopped = true;
            await _writer.StopAsync(CancellationToken.None);
            await _stop.CancelAsync();
            await _feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _writer.Dispose();
            History.Dispose();
            _stop.Dispose();
        }

        private async Task FeedAsync()
        {
            await foreach (var read in Log.FollowAsync(Start, _stop.Token))
            {
                foreach (var e in read.Events)
                    _tail.Append(new TailEntry(e));
                _tail.Dispatched = _tail.Head;
            }
        }
    }
}
