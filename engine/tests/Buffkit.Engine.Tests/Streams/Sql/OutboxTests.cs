using System.Data;
using System.Data.Common;
using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Buffkit.Tests;

/// <summary>Events published by transactions, on the three real databases.</summary>
public sealed class OutboxTests(PostgresServer postgres, MySqlServer mySql)
{
    public static TheoryData<string> Engines => [EventTables.Sqlite, EventTables.Postgres, EventTables.MySql];

    // In SQLite there is one writer at a time, so nothing can overtake.
    public static TheoryData<string> Servers => [EventTables.Postgres, EventTables.MySql];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Add_Committed_IsPublishedAndRolledBackIsNot(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "orders/**");

        for (var n = 0; n < 20; n++)
        {
            var number = n;
            await AddAsync(server, tables, commit: n % 2 == 0, outbox => outbox("orders/1", "t", number, "k"));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{2 * n}"), await client.NextDataAsync(10));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Add_LowerNumberCommitsAfterAHigherOne_BothArePublished(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        await using var slow = await tables.Source.OpenConnectionAsync(Stop);
        await using var open = await slow.BeginTransactionAsync(Stop);
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await outbox.AddAsync(open, "a", "t", "slow", "slow", Stop);

        await AddAsync(server, tables, commit: false, add => add("a", "t", "never", null));
        await AddAsync(server, tables, commit: true, add => add("a", "t", "quick", "quick"));
        Assert.Equal(["quick"], await client.NextDataAsync(1));
        await open.CommitAsync(Stop);

        Assert.Equal(["slow"], await client.NextDataAsync(1));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Add_SameKeyInTwoTransactions_TheOrderIsThatOfTheirCommits(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        const int Writers = 8;
        const int Each = 40;

        // Each reads the counter and adds its event within one transaction: the row's lock makes one order of commits, and the event tells it.
        await tables.ExecuteAsync("CREATE TABLE counters (id integer PRIMARY KEY, value integer NOT NULL)");
        await tables.ExecuteAsync("INSERT INTO counters VALUES (1, 0)");
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (var n = 0; n < Each; n++)
            {
                await using var connection = await tables.Source.OpenConnectionAsync(Stop);
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, Stop);
                await connection.Command(transaction, "UPDATE counters SET value = value + 1 WHERE id = 1").ExecuteAsync(Stop);
                var value = await connection.Command(transaction, "SELECT value FROM counters WHERE id = 1").ReadNumberAsync(Stop);
                await outbox.AddAsync(transaction, "a", "t", value, "one", Stop);
                await transaction.CommitAsync(Stop);
            }
        }, Stop)));

        Assert.Equal(Enumerable.Range(1, Writers * Each).Select(n => $"{n}"), await client.NextDataAsync(Writers * Each));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Add_SameKeyBeforeTheOtherCommits_Waits(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await using var first = await tables.Source.OpenConnectionAsync(Stop);
        await using var open = await first.BeginTransactionAsync(Stop);
        await outbox.AddAsync(open, "a", "t", 1, "key", Stop);

        await using var second = await tables.Source.OpenConnectionAsync(Stop);
        await using var waiting = await second.BeginTransactionAsync(Stop);
        var adding = outbox.AddAsync(waiting, "a", "t", 2, "key", Stop);
        await using var third = await tables.Source.OpenConnectionAsync(Stop);
        await using var free = await third.BeginTransactionAsync(Stop);
        await outbox.AddAsync(free, "a", "t", 3, "another", Stop);

        Assert.False(adding.IsCompleted);
        await open.CommitAsync(Stop);
        await adding;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_CannotPublishARow_SetsItAsideWithItsKeyAndOthersGoOn(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        // Before any relay looks.
        await tables.ExecuteAsync(
            "INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key) VALUES "
            + "(0, 'not//a topic', 't', 'k', '1', 'bad'), (0, 'a', 't', 'k', '2', 'bad'), (0, 'a', 't', 'k', '3', 'good'), (0, 'a', 't', NULL, 'no json', NULL), (0, 'a', 't', NULL, '4', NULL)");
        await using var server = await StartAsync(tables);
        var store = server.Services.GetRequiredService<OutboxStore>();
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 3, "what can be published was");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", after: "earliest");
        Assert.Equal(["3", "4"], await client.NextDataAsync(2));

        var aside = await store.ListAsync(0, Stop);
        Assert.Equal(["not//a topic", "a"], aside.Select(row => row.Topic));
        Assert.All(aside, row => Assert.NotEqual("", row.Reason));
        var health = await server.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);
        Assert.Equal(HealthStatus.Degraded, health.Entries["outbox"].Status);
        Assert.Equal(2L, health.Entries["outbox"].Data["setAside"]);

        await tables.ExecuteAsync("UPDATE event_outbox SET topic = 'mended' WHERE topic = 'not//a topic'");
        Assert.True(await store.ReplayAsync(aside[0].Id, Stop));
        Assert.True(await store.DropAsync(aside[1].Id, Stop));
        Assert.False(await store.DropAsync(aside[1].Id, Stop));
        Assert.Equal(["1", "2"], await client.NextDataAsync(2));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_DiedBetweenPublishingAndRemoving_ItsSuccessorDoublesNothing(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        for (var n = 0; n < 3; n++)
        {
            var number = n;
            await AddAsync(server, tables, commit: true, add => add("a", "t", number, "k"));
            await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
        }

        // What the relay settled and published lies there again, as if it had died before it removed it. The key's lifetime plays no part.
        var last = await tables.NumberAsync("SELECT number FROM event_outbox_producer");
        var log = server.Services.GetRequiredService<IEventLog>();
        var newest = (await log.ReadAsync(log.State.Oldest.Previous, 10, int.MaxValue, Stop)).Events[^1];
        await using var second = await StopAndStartAsync(server, tables, async () => await tables.ExecuteAsync(
            $"INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key, batch) VALUES (0, 'a', 't', 'k', '{System.Text.Encoding.UTF8.GetString(newest.Data.Span)}', 'k', {last})"));

        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the batch was finished");
        await using var client = await EventStreamClient.ConnectAsync(second.Address, "**", after: "earliest");
        await AddAsync(second, tables, commit: true, add => add("a", "t", "end", "k"));
        Assert.Equal(["0", "1", "2", "end"], await client.NextDataAsync(4));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_BatchWasSettledUnderAHigherLimit_IsPublishedAsItWas(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await tables.ExecuteAsync("INSERT INTO event_outbox_producer (producer, number) VALUES ('outbox-1', 7)");
        await tables.ExecuteAsync(
            "INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key, batch) VALUES "
            + $"(0, 'a', 't', 'k', '\"{new string('x', 2_000)}\"', 'k', 7), (0, 'a', 't', 'k', '2', 'k', 7), (0, 'a', 't', 'k', '\"{new string('y', 2_000)}\"', 'k', NULL)");

        await using var server = await StartAsync(tables, settings: new() { ["Streams:Limits:EventBytes"] = "1024" });

        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox WHERE set_aside_at IS NULL") == 0, "the rest is published or set aside");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", after: "earliest");
        Assert.Equal([new string('x', 2_000), "2"], await client.NextDataAsync(2));
        Assert.Equal(1, await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox WHERE set_aside_at IS NOT NULL"));
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task AddRange_SeveralKeysInAnyOrder_NoTransactionEndsInADeadlock(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        const int Writers = 4;
        const int Each = 25;
        string[] keys = ["a", "b", "c"];

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var random = new Random(writer);
            for (var n = 0; n < Each; n++)
            {
                await using var connection = await tables.Source.OpenConnectionAsync(Stop);
                await using var transaction = await connection.BeginTransactionAsync(Stop);
                random.Shuffle(keys = [.. keys]);
                await outbox.AddRangeAsync(transaction, [.. keys.Select(key => EventDraft.Json(Topic.Parse("t"), "t", $"{writer}/{n}", key))], Stop);
                await transaction.CommitAsync(Stop);
            }
        }, Stop)));

        var events = await client.NextDataAsync(Writers * Each * keys.Length);
        Assert.All(events.CountBy(data => data), pair => Assert.Equal(keys.Length, pair.Value));
        Assert.Equal(Writers * Each, events.Distinct().Count());
    }

    [Fact]
    public async Task Add_RegisteredTwice_IsThereOnce()
    {
        await using var tables = await EventTables.CreateAsync(EventTables.Sqlite, postgres, mySql);
        await using var server = await StreamsServer.StartAsync(
            streams: streams => streams
                .AddSqlHistory(_ => tables.Source).AddOutbox(_ => tables.Source).AddSqlHistory(_ => tables.Source).AddOutbox(_ => tables.Source));

        var health = await server.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);

        Assert.Contains("outbox", health.Entries.Keys);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_OutlivesItsLease_CanNeitherDoubleNorRemoveWhatItsSuccessorHas(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StreamsServer.StartAsync();
        var publisher = server.Services.GetRequiredService<EventPublisher>();
        using var firstLease = new DatabaseLease(tables.Database, "outbox", TimeSpan.FromMinutes(1));
        using var secondLease = new DatabaseLease(tables.Database, "outbox", TimeSpan.FromMinutes(1));
        var (first, second) = (Table(firstLease), Table(secondLease));
        await tables.ExecuteAsync("INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key) VALUES (0, 'a', 't', 'k', '1', 'k'), (0, 'a', 't', 'k', '2', 'k')");
        Assert.True(await firstLease.TryAcquireAsync(Stop));
        var producer = (await first.FindProducerAsync(Stop))!;
        var (_, settled, _) = await first.SettleAsync(Stop);

        // It stops here for longer than its lease, and another goes on.
        await tables.ExecuteAsync("UPDATE event_leases SET expires_at = 0 WHERE name = 'outbox'");
        if (engine is EventTables.Sqlite)
            firstLease.Dispose();
        Assert.True(await secondLease.TryAcquireAsync(Stop));
        var unfinished = (await second.FindUnfinishedAsync(Stop))!;
        Assert.Equal(AppendStatus.Appended, await PublishAsync(unfinished));
        Assert.True(await second.FinishAsync(unfinished, Stop));
        await tables.ExecuteAsync("INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key) VALUES (0, 'a', 't', 'k', '3', 'k')");
        var next = (await second.SettleAsync(Stop)).Batch!;
        Assert.Equal(AppendStatus.Appended, await PublishAsync(next));

        Assert.NotEqual(AppendStatus.Appended, await PublishAsync(settled!));
        Assert.False(await first.FinishAsync(next, Stop));
        Assert.False((await first.SettleAsync(Stop)).Held);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", after: "earliest");
        await server.PublishAsync("a", "end");
        Assert.Equal(["1", "2", "3", "end"], await client.NextDataAsync(4));

        OutboxTable Table(DatabaseLease lease) => new(tables.Database, lease, (draft, _) => draft, 100);

        async Task<AppendStatus> PublishAsync(OutboxBatch batch) =>
            (await publisher.TryPublishAsync([.. batch.Rows.Select(row => row.Draft!)], new ProducerSequence(producer, batch.Number), Stop)).Status;
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Settle_ALowerNumberCommitsBetweenItsStatements_ComesWithTheNextBatch(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        const string Insert = "INSERT INTO event_outbox (added_at, topic, type, data) VALUES (0, 'a', 't', ";
        await using var slow = await tables.Source.OpenConnectionAsync(Stop);
        await using var open = await slow.BeginTransactionAsync(Stop);
        await slow.Command(open, Insert + "'1')").ExecuteAsync(Stop);
        await tables.ExecuteAsync(Insert + "'2')");
        using var lease = new DatabaseLease(tables.Database, "outbox", TimeSpan.FromMinutes(1));
        Assert.True(await lease.TryAcquireAsync(Stop));
        // While the rows are read, before they are settled.
        var isCommitted = false;
        var table = new OutboxTable(
            tables.Database,
            lease,
            (draft, _) =>
            {
                if (!isCommitted)
                    open.Commit();
                isCommitted = true;
                return draft;
            },
            100);
        await table.FindProducerAsync(Stop);

        var first = await table.SettleAsync(Stop);
        var second = await table.SettleAsync(Stop);

        Assert.Equal(["2"], Data(first.Batch!));
        Assert.Equal(["1"], Data(second.Batch!));

        static IEnumerable<string> Data(OutboxBatch batch) => batch.Rows.Select(row => System.Text.Encoding.UTF8.GetString(row.Draft!.Data.Span));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_TheClockOfOneServerIsAnHourOff_OneServerPublishesAndTheOtherTakesOver(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var log = new MemoryEventLog(new LogOptions(), TimeProvider.System);
        await using var first = await StartAsync(tables, services => services.AddSingleton<IEventLog>(log));
        await using var second = await StartAsync(tables, services => services.AddSingleton<IEventLog>(log).AddSingleton<TimeProvider>(new FastClock()));
        await using var client = await EventStreamClient.ConnectAsync(first.Address, "**");
        StreamsServer[] servers = [first, second];
        await Eventually.TrueAsync(() => servers.Count(IsRelay) == 1, "one server publishes");
        var relay = servers.Single(IsRelay);

        for (var n = 0; n < 20; n++)
        {
            var number = n;
            await AddAsync(servers[n % 2], tables, commit: true, add => add("a", "t", number, "k"));
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(n => $"{n}"), await client.NextDataAsync(20));
        // The other has asked for its turn meanwhile, by its own clock again and again.
        Assert.True(IsRelay(relay));
        var other = servers.Single(server => server != relay);
        await using var left = await EventStreamClient.ConnectAsync(other.Address, "**");
        await relay.StopAsync();
        await AddAsync(other, tables, commit: true, add => add("a", "t", "end", "k"));
        Assert.Equal(["end"], await left.NextDataAsync(1));

        static bool IsRelay(StreamsServer server) => server.Services.GetRequiredService<OutboxHealth>().IsRelay;
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_DatabaseWasSetBackToABackup_PublishesWhatItStillHolds(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await AddAsync(server, tables, commit: true, add => add("a", "t", 1, null));
        await AddAsync(server, tables, commit: true, add => add("a", "t", 2, null));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");

        await tables.ExecuteAsync("UPDATE event_outbox_producer SET number = 0");
        await AddAsync(server, tables, commit: true, add => add("a", "t", 3, null));

        Assert.Equal(["3"], await client.NextDataAsync(1));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_LogIsAway_PublishesInOrderWhenItIsBack(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), seed: 1) { Rate = 0, Away = true };
        await using var server = await StartAsync(tables, services => services.AddSingleton<IEventLog>(log));
        for (var n = 0; n < 5; n++)
        {
            var number = n;
            await AddAsync(server, tables, commit: true, add => add("a", "t", number, "k"));
        }

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        log.Away = false;

        Assert.Equal(["0", "1", "2", "3", "4"], await client.NextDataAsync(5));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_ItsLogIsOutOfReach_GivesItsTurnToAServerThatReachesIt(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        var memory = new MemoryEventLog(new LogOptions(), TimeProvider.System);
        var log = new FaultInjectingLog(memory, seed: 1) { Rate = 0 };
        await using var first = await StartAsync(tables, services => services.AddSingleton<IEventLog>(log));
        await Eventually.TrueAsync(() => first.Services.GetRequiredService<OutboxHealth>().IsRelay, "the first server publishes");
        await using var second = await StartAsync(tables, services => services.AddSingleton<IEventLog>(memory));
        await using var client = await EventStreamClient.ConnectAsync(second.Address, "**");

        log.Away = true;
        await AddAsync(first, tables, commit: true, add => add("a", "t", 1, "k"));

        Assert.Equal(["1"], await client.NextDataAsync(1));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Relay_RestartsAfterItPublishedToAnEncryptedTopic_DoublesNothing(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        using var keys = new TemporaryKeys();
        await using var server = await StartAsync(tables, keys.Add, keys.Settings);
        await AddAsync(server, tables, commit: true, add => add("secret", "t", 1, "k"));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
        var last = await tables.NumberAsync("SELECT number FROM event_outbox_producer");
        await server.StopAsync();
        await tables.ExecuteAsync($"INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key, batch) VALUES (0, 'secret', 't', 'k', '1', 'k', {last})");

        await using var second = await StartAsync(tables, keys.Add, keys.Settings);

        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the batch was finished");
        Assert.Equal(1, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Add_EventThatCannotBePublished_IsToldAtOnce(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await using var connection = await tables.Source.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);

        await Assert.ThrowsAsync<FormatException>(() => outbox.AddAsync(transaction, "not//a topic", "t", 1, cancellationToken: Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => outbox.AddAsync(transaction, "a", "t", new string('x', 2_000_000), cancellationToken: Stop));
        await outbox.AddAsync(transaction, "a", "t", 1, cancellationToken: Stop);
        await transaction.CommitAsync(Stop);
        await Assert.ThrowsAsync<ArgumentException>(() => outbox.AddAsync(transaction, "a", "t", 1, cancellationToken: Stop));
    }

    /// <summary>Keys of encryption, and what protects them, that outlive a server.</summary>
    private sealed class TemporaryKeys : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keys-");

        public Dictionary<string, string?> Settings => new()
        {
            ["Streams:Encryption:Topics:0"] = "secret",
            ["Streams:Encryption:KeyFile"] = Path.Combine(_folder.FullName, "event-keys.json"),
        };

        public void Add(IServiceCollection services)
        {
            services.RemoveAll<IDataProtectionProvider>();
            services.AddDataProtection().PersistKeysToFileSystem(_folder.CreateSubdirectory("protection"));
        }

        public void Dispose() => _folder.Delete(recursive: true);
    }

    /// <summary>A clock that is an hour ahead.</summary>
    private sealed class FastClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromHours(1);
    }

    private static Task<StreamsServer> StartAsync(
        EventTables tables, Action<IServiceCollection>? services = null, Dictionary<string, string?>? settings = null) => StreamsServer.StartAsync(
        new Dictionary<string, string?>(settings ?? []) { ["Streams:Outbox:Lease"] = "00:00:01", ["Streams:History:Lease"] = "00:00:01" },
        services,
        streams: streams => streams.AddSqlHistory(_ => tables.Source).AddOutbox(_ => tables.Source));

    private static async Task<StreamsServer> StopAndStartAsync(StreamsServer server, EventTables tables, Func<Task> between)
    {
        await server.StopAsync();
        await between();
        return await StartAsync(tables);
    }

    private static async Task AddAsync(StreamsServer server, EventTables tables, bool commit, Func<Func<string, string, object, string?, Task>, Task> add)
    {
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await using var connection = await tables.Source.OpenConnectionAsync(Stop);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(Stop);
        await add((topic, type, data, key) => outbox.AddAsync(transaction, topic, type, data, key, Stop));
        if (commit)
            await transaction.CommitAsync(Stop);
        else
            await transaction.RollbackAsync(Stop);
    }
}
