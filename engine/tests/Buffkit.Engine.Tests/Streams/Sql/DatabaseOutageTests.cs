using System.Data.Common;
using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>The database is stopped and started again while events are added, published, copied and delivered.</summary>
public sealed class DatabaseOutageTests
{
    private const int Writers = 4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EventTables.Postgres)]
    [InlineData(EventTables.MySql)]
    public async Task Database_StoppedAndStartedUnderLoad_NothingIsMissingAndStreamsLiveOn(string engine)
    {
        await using var server = engine is EventTables.Postgres ? await RestartableDatabase.StartPostgresAsync() : await RestartableDatabase.StartMySqlAsync();
        await using var tables = await EventTables.OnAsync(server, engine);
        var records = new LogRecords();
        // A log of its own, as servers that share one have: the streams do not depend on the database.
        var log = new MemoryEventLog(new LogOptions(), TimeProvider.System);
        await using var streams = await StreamsServer.StartAsync(
            new Dictionary<string, string?> { ["Streams:Outbox:Lease"] = "00:00:01", ["Streams:History:Lease"] = "00:00:01" },
            services =>
            {
                services.AddSingleton<IEventLog>(log);
                services.AddSingleton<ILoggerProvider>(records);
            },
            streams: engine => engine.AddSqlHistory(_ => tables.Source).AddOutbox(_ => tables.Source));
        await using var client = new ResumingClient(_ => streams.Address, "**");
        await client.OpenedAsync();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var committed = Enumerable.Range(0, Writers).Select(_ => new List<int>()).ToArray();
        var count = 0;
        var writing = Enumerable.Range(0, Writers).Select(n => WriteAsync(streams, tables, n, committed[n], () => Interlocked.Increment(ref count), enough.Token)).ToArray();
        await Eventually.TrueAsync(() => Volatile.Read(ref count) >= 100, "events are committed");

        await server.StopAsync();
        await streams.PublishAsync("live", "while the database is away");
        await Eventually.TrueAsync(() => client.Events.Any(e => e.Data == "while the database is away"), "a live event while the database is away");
        await server.StartAsync();
        var before = Volatile.Read(ref count);
        await Eventually.TrueAsync(() => Volatile.Read(ref count) >= before + 100, "events are committed again", TimeSpan.FromSeconds(60));
        await enough.CancelAsync();
        await Task.WhenAll(writing);

        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_outbox") == 0, "the outbox is empty");
        await Eventually.TrueAsync(async () => await tables.NumberAsync("SELECT COUNT(*) FROM event_history") == log.State.Latest.Sequence, "all is in the history");
        await client.ReceivedAsync((int)log.State.Latest.Sequence);
        Assert.Equal(1, client.Opened);
        Assert.Empty(client.Gaps);
        for (var writer = 0; writer < Writers; writer++)
        {
            var mine = client.Events.Where(e => e.Data.StartsWith($"{writer}/", StringComparison.Ordinal)).Select(e => int.Parse(e.Data[2..], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
            // Each commit once and in order; one whose answer was lost with the connection may be there too.
            Assert.Equal(mine.Distinct().Order(), mine);
            Assert.Superset(committed[writer].ToHashSet(), mine.ToHashSet());
        }

        Assert.InRange(records.Records.Count(record => record.Category.StartsWith("Buffkit.Streams.Sql", StringComparison.Ordinal)), 2, 30);
    }

    private static async Task WriteAsync(StreamsServer streams, EventTables tables, int writer, List<int> committed, Action count, CancellationToken enough)
    {
        var outbox = streams.Services.GetRequiredService<IEventOutbox>();
        for (var attempt = 1; !enough.IsCancellationRequested; attempt++)
        {
            try
            {
                await using var connection = await tables.Source.OpenConnectionAsync(Stop);
                await using var transaction = await connection.BeginTransactionAsync(Stop);
                await outbox.AddAsync(transaction, "a", "t", $"{writer}/{attempt}", $"{writer}", Stop);
                await transaction.CommitAsync(Stop);
                committed.Add(attempt);
                count();
            }
            catch (Exception e) when (e is DbException or TimeoutException or IOException)
            {
                await Task.Yield();
            }
        }
    }
}
