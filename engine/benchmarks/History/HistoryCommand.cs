using System.CommandLine;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Buffkit.Streams;
using Buffkit.Streams.Sql;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Buffkit.Benchmarks;

/// <summary>
/// What the history costs: events written in batches beside single inserts, and what a publisher waits for where the log is in a
/// database, beside one in memory.
/// </summary>
internal static class HistoryCommand
{
    private const int PayloadBytes = 300;
    private const int BatchEvents = HistoryWriter.BatchEvents;

    public static Command Create()
    {
        var postgres = new Option<string?>("--postgres") { Description = "Connection string of an empty database; without it the writing is measured on SQLite alone." };
        var events = new Option<int>("--events") { Description = "Events to write in batches.", DefaultValueFactory = _ => 200_000 };
        var command = new Command("history", "Writes events into a database, and publishes where the log is in one.") { postgres, events };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = Directory.CreateTempSubdirectory("bench-history-");
            await using var sqlite = SqliteFactory.Instance.CreateDataSource($"Data Source={Path.Combine(folder.FullName, "app.db")}");
            await PrepareAsync(sqlite, "sqlite", cancellationToken);
            if (parsed.GetValue(postgres) is { } connectionString)
            {
                await using var source = NpgsqlDataSource.Create(connectionString);
                await PrepareAsync(source, "postgres", cancellationToken);
                await WriteAsync("PostgreSQL", source, parsed.GetValue(events), cancellationToken);
            }

            await WriteAsync("SQLite", sqlite, parsed.GetValue(events), cancellationToken);
            await PublishAsync(sqlite, cancellationToken);
            return 0;
        });
        return command;
    }

    private static async Task PrepareAsync(DbDataSource source, string engine, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (engine == "sqlite")
            await connection.Command(null, "PRAGMA journal_mode = WAL").ExecuteAsync(cancellationToken);
        foreach (var script in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Scripts"), $"*_add_event_*.{engine}.up.sql").Order())
            await connection.Command(null, await File.ReadAllTextAsync(script, cancellationToken)).ExecuteAsync(cancellationToken);
    }

    private static async Task WriteAsync(string name, DbDataSource source, int count, CancellationToken cancellationToken)
    {
        var database = EventDatabase.Of(source);
        var draft = Draft();
        var epoch = Epoch.New();
        var batches = Enumerable.Range(0, count / BatchEvents)
            .Select(batch => Enumerable.Range(1, BatchEvents).Select(n => new StreamEvent(new EventId(epoch, (batch * BatchEvents) + n), DateTimeOffset.UtcNow, draft)).ToArray()).ToArray();
        await InsertAsync(database, batches[0], cancellationToken);
        var inBatches = await EventsPerSecondAsync(batches[1..], batch => InsertAsync(database, batch, cancellationToken));
        var other = Epoch.New();
        var singles = Enumerable.Range(1, BatchEvents).Select(n => new[] { new StreamEvent(new EventId(other, n), DateTimeOffset.UtcNow, draft) }).ToArray();
        var single = await EventsPerSecondAsync(singles, one => InsertAsync(database, one, cancellationToken));
        Say($"{name}: {inBatches:N0} events/s of {PayloadBytes} bytes in batches of {BatchEvents:N0}, {single:N0} one by one; ratio {inBatches / single:N0}");
    }

    private static Task<bool> InsertAsync(EventDatabase database, StreamEvent[] events, CancellationToken cancellationToken) =>
        database.InTransactionAsync(
            async (connection, transaction) =>
            {
                await database.InsertAsync(connection, transaction, events, mayBeThere: false, cancellationToken);
                return true;
            },
            cancellationToken);

    private static async Task<double> EventsPerSecondAsync(StreamEvent[][] batches, Func<StreamEvent[], Task> insert)
    {
        var began = Stopwatch.GetTimestamp();
        foreach (var batch in batches)
            await insert(batch);
        return batches.Sum(batch => batch.Length) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task PublishAsync(DbDataSource source, CancellationToken cancellationToken)
    {
        foreach (var publishers in (int[])[1, 64])
        {
            var memory = await MicrosecondsAsync(new MemoryEventLog(new LogOptions(), TimeProvider.System), publishers, 100_000, cancellationToken);
            Say($"publish, {publishers} at a time, log in memory: {memory:N1} µs an event");
            foreach (var durability in Enum.GetValues<HistoryDurability>())
            {
                var history = new HistoryOptions { Durability = durability };
                var health = new HistoryHealth(NullLogger<HistoryHealth>.Instance);
                using var store = new SqlLogStore(EventDatabase.Of(source), new LogOptions(), history, health, TimeProvider.System);
                var queue = new SqlLogQueue();
                var log = new SqlEventLog(store, queue, health, TimeProvider.System);
                using var writer = new SqlLogWriter(log, store, queue, history, health, TimeProvider.System);
                await writer.StartingAsync(cancellationToken);
                await log.FindStartAsync(0, cancellationToken);
                var took = await MicrosecondsAsync(log, publishers, 20_000, cancellationToken);
                await writer.StoppedAsync(cancellationToken);
                Say($"publish, {publishers} at a time, log in SQLite, {durability}: {took:N1} µs an event; ratio {took / memory:N0}");
            }
        }
    }

    private static async Task<double> MicrosecondsAsync(IEventLog log, int publishers, int count, CancellationToken cancellationToken)
    {
        var request = new AppendRequest([Draft()]);
        async Task AppendAsync(int each)
        {
            for (var n = 0; n < each; n++)
            {
                if ((await log.AppendAsync(request, cancellationToken)).Status is not AppendStatus.Appended)
                    throw new CannotMeasureException("The log did not take an event.");
            }
        }

        await AppendAsync(100);
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, publishers).Select(_ => Task.Run(() => AppendAsync(count / publishers), cancellationToken)));
        return Stopwatch.GetElapsedTime(began).TotalMicroseconds / count;
    }

    private static EventDraft Draft() => new() { Topic = Topic.Parse("load/all"), Type = "load", Data = new byte[PayloadBytes], ContentType = "application/octet-stream", IsOwned = true };

    private static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
