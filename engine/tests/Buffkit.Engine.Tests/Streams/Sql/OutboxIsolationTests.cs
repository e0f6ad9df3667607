using System.Data;
using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>What other transactions of the database do must neither stall the outbox nor change what it publishes.</summary>
public sealed class OutboxIsolationTests(PostgresServer postgres, MySqlServer mySql)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EventTables.MySql, IsolationLevel.ReadUncommitted)]
    [InlineData(EventTables.MySql, IsolationLevel.ReadCommitted)]
    [InlineData(EventTables.MySql, IsolationLevel.RepeatableRead)]
    [InlineData(EventTables.MySql, IsolationLevel.Serializable)]
    [InlineData(EventTables.Postgres, IsolationLevel.ReadCommitted)]
    [InlineData(EventTables.Postgres, IsolationLevel.RepeatableRead)]
    [InlineData(EventTables.Postgres, IsolationLevel.Serializable)]
    public async Task Add_FromManyTransactionsOfAnyIsolation_EachKeyKeepsItsOrderAndNothingIsMissing(string engine, IsolationLevel isolation)
    {
        const int Writers = 6;
        const int Each = 25;
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        // Two servers: one relay, and two who might be.
        await using var server = await StartAsync(tables);
        await using var other = await StartAsync(tables, server.Services.GetRequiredService<IEventLog>());
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var outbox = (writer % 2 == 0 ? server : other).Services.GetRequiredService<IEventOutbox>();
            for (var n = 0; n < Each; n++)
            {
                await using var connection = await tables.Source.OpenConnectionAsync(Stop);
                await using var transaction = await connection.BeginTransactionAsync(isolation, Stop);
                await outbox.AddAsync(transaction, $"t/{writer}", "t", n, "key", Stop);
                await transaction.CommitAsync(Stop);
            }
        }, Stop)));

        var seen = new HashSet<string>();
        for (var n = 0; n < Writers * Each; n++)
        {
            var e = await client.NextAsync();
            Assert.Equal("t", e.EventType);
            seen.Add(e.EventId!);
        }

        Assert.Equal(Writers * Each, seen.Count);
        var log = server.Services.GetRequiredService<IEventLog>();
        var events = (await log.ReadAsync(log.State.Oldest.Previous, 10_000, int.MaxValue, Stop)).Events;
        foreach (var topic in events.GroupBy(e => e.Topic.Value))
            Assert.Equal(Enumerable.Range(0, Each).Select(n => $"{n}"), topic.Select(e => System.Text.Encoding.UTF8.GetString(e.Data.Span)));
    }

    [Theory]
    [InlineData(EventTables.Postgres)]
    [InlineData(EventTables.MySql)]
    public async Task Relay_StrangersLeaveTransactionsOpen_OthersEventsGoOn(string engine)
    {
        await using var tables = await EventTables.CreateAsync(engine, postgres, mySql);
        await using var server = await StartAsync(tables);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");
        var outbox = server.Services.GetRequiredService<IEventOutbox>();
        await using var reader = await tables.Source.OpenConnectionAsync(Stop);
        await using var snapshot = await reader.BeginTransactionAsync(IsolationLevel.RepeatableRead, Stop);
        await reader.Command(snapshot, "SELECT COUNT(*) FROM event_outbox").ReadNumberAsync(Stop);
        await using var idle = await tables.Source.OpenConnectionAsync(Stop);
        await using var open = await idle.BeginTransactionAsync(Stop);
        await outbox.AddAsync(open, "a", "t", "of the stranger", "stranger", Stop);

        // One by one; and many at once, which are nearly all that the table has: for those MySQL would read the stranger's row as well, and wait.
        foreach (var numbers in Enumerable.Range(0, 60).Chunk(20).SelectMany(twenty => twenty[0] == 20 ? [twenty] : twenty.Chunk(1)))
        {
            await using var connection = await tables.Source.OpenConnectionAsync(Stop);
            await using var transaction = await connection.BeginTransactionAsync(Stop);
            foreach (var n in numbers)
                await outbox.AddAsync(transaction, "a", "t", n, "ours", Stop);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(Enumerable.Range(0, 60).Select(n => $"{n}"), await client.NextDataAsync(60));
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "what was committed is published and removed");
        await open.CommitAsync(Stop);
        Assert.Equal(["of the stranger"], await client.NextDataAsync(1));
    }

    [Fact]
    public async Task Relay_OfAnotherServer_IsWokenByPostgresAtTheCommit()
    {
        await using var tables = await EventTables.CreateAsync(EventTables.Postgres, postgres, mySql);
        // The next look would come after a minute, and nobody waits so long here.
        var rarely = new Dictionary<string, string?> { ["Streams:Outbox:PollInterval"] = "00:01:00", ["Streams:Outbox:Lease"] = "00:05:00" };
        await using var relay = await StartAsync(tables, settings: rarely);
        await Eventually.TrueAsync(() => relay.Services.GetRequiredService<OutboxHealth>().IsRelay, "the first server publishes");
        await using var other = await StartAsync(tables, settings: rarely);
        await using var client = await EventStreamClient.ConnectAsync(relay.Address, "**");
        await Eventually.TrueAsync(
            async () => await tables.NumberAsync("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'") == 1, "the relay listens");

        var outbox = other.Services.GetRequiredService<IEventOutbox>();
        await using var connection = await tables.Source.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await outbox.AddAsync(transaction, "a", "t", 1, cancellationToken: Stop);
        await transaction.CommitAsync(Stop);

        Assert.Equal(["1"], await client.NextDataAsync(1).WaitAsync(TimeSpan.FromSeconds(20), Stop));
    }

    private static Task<StreamsServer> StartAsync(EventTables tables, IEventLog? log = null, Dictionary<string, string?>? settings = null) => StreamsServer.StartAsync(
        settings ?? new() { ["Streams:Outbox:Lease"] = "00:00:02" },
        services => services.AddSingleton(log ?? new MemoryEventLog(new LogOptions(), TimeProvider.System)),
        streams: streams => streams.AddOutbox(_ => tables.Source));
}
