using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Buffkit.Api;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;
using Buffkit.Streams;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Npgsql;

namespace Buffkit.Tests;

/// <summary>
/// An order and its event are both there or neither, however often the API is killed while it takes orders. <c>CRASH_ROUNDS</c> in the
/// environment says how often, 3 by default.
/// </summary>
public sealed class OrderCrashTests(PostgresServer postgres, MySqlServer mySql, RedisServer redis) : IAsyncLifetime
{
    private const int Customers = 6;
    private const int Keys = 3;

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("CRASH_ROUNDS") ?? "3", CultureInfo.InvariantCulture);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("crash-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _root.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task Api_KilledWhileItTakesOrders_OrdersAndEventsMatchOneToOne(string engine)
    {
        var settings = await SettingsAsync(engine);
        var random = new Random(4711);
        var accepted = new ConcurrentBag<long>();
        for (var round = 0; round < Rounds; round++)
        {
            await using var api = await ApiProcess.StartAsync(_root.FullName, settings);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var customers = Enumerable.Range(0, Customers).Select(_ => OrderAsync(() => api, accepted, enough.Token)).ToArray();
            // At any moment: of the first request as well as in the midst of many.
            var before = accepted.Count;
            var wanted = random.Next(1, 40);
            await Eventually.TrueAsync(() => accepted.Count >= before + wanted, $"{wanted} orders");
            await api.KillAsync();
            await enough.CancelAsync();
            await Task.WhenAll(customers);
        }

        await using var last = await ApiProcess.StartAsync(_root.FullName, settings);
        await AssertMatchAsync(last, accepted);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task Nodes_TwoOfThreeAreKilledInTurn_NothingIsDoubledOrReordered(string engine)
    {
        var settings = await SettingsAsync(engine);
        settings["ConnectionStrings__redis"] = await redis.StartAsync();
        settings["Streams__Redis__KeyPrefix"] = RedisServer.NewKeyPrefix();
        var nodes = new List<ApiProcess>();
        for (var n = 0; n < 3; n++)
            nodes.Add(await ApiProcess.StartAsync(_root.FullName, settings));
        var accepted = new ConcurrentBag<long>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var last = nodes[^1];
        var customers = Enumerable.Range(0, Customers)
            .Select(n => OrderAsync(() => nodes[n % nodes.Count], accepted, enough.Token)).ToArray();
        var counting = Enumerable.Range(0, Keys).Select(key => CountAsync(engine, settings["ConnectionStrings__appdb"], key, enough.Token)).ToArray();
        foreach (var victim in nodes[..2])
        {
            var before = accepted.Count;
            await Eventually.TrueAsync(() => accepted.Count >= before + 30, "orders on all nodes", TimeSpan.FromSeconds(60));
            await victim.KillAsync();
        }

        var since = accepted.Count;
        await Eventually.TrueAsync(() => accepted.Count >= since + 30, "orders on the node that is left", TimeSpan.FromSeconds(60));
        await enough.CancelAsync();
        await Task.WhenAll(customers);
        var counts = await Task.WhenAll(counting);

        await UntilEmptyAsync(last);
        await using (var client = await EventStreamClient.ConnectAsync(last.Address, "counts/**", after: "earliest"))
        {
            var told = new Dictionary<string, List<int>>();
            for (var n = 0; n < counts.Sum(); n++)
            {
                var e = await client.NextAsync();
                if (!told.TryGetValue(e.EventType, out var numbers))
                    told[e.EventType] = numbers = [];
                numbers.Add(int.Parse(e.Data, CultureInfo.InvariantCulture));
            }

            for (var key = 0; key < Keys; key++)
                Assert.Equal(Enumerable.Range(1, counts[key]), told[$"count-{key}"]);
        }

        await AssertMatchAsync(last, accepted, others: counts.Sum());
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    private async Task<Dictionary<string, string>> SettingsAsync(string engine)
    {
        var settings = new Dictionary<string, string>
        {
            ["Streams__History__Lease"] = "00:00:01",
            ["Streams__Outbox__Lease"] = "00:00:01",
            ["RequestLimits__WritesPerSecond"] = "0",
            ["RequestLimits__ReadsPerSecond"] = "0",
        };
        if (engine is "sqlite")
            return settings;
        var connectionString = engine is "postgres" ? await postgres.CreateDatabaseAsync() : await mySql.CreateDatabaseAsync();
        MigrationEngine migrations = engine is "postgres" ? new PostgresEngine() : new MySqlEngine();
        await new MigrationRunner(
            new MigrationOptions { Engine = migrations, ConnectionString = connectionString }, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(Stop);
        settings["Database__Provider"] = engine;
        settings["ConnectionStrings__appdb"] = connectionString;
        return settings;
    }

    // Another program of the same database: each of its transactions adds the next number of a key to the outbox.
    private static async Task<int> CountAsync(string engine, string connectionString, int key, CancellationToken enough)
    {
        await using DbDataSource source = engine is "postgres" ? NpgsqlDataSource.Create(connectionString) : new MySqlDataSource(connectionString);
        var count = 0;
        while (!enough.IsCancellationRequested)
        {
            await using var connection = await source.OpenConnectionAsync(Stop);
            await using var command = connection.CreateCommand();
            command.CommandText = string.Create(
                CultureInfo.InvariantCulture,
                $"INSERT INTO event_outbox (added_at, topic, type, event_key, data, order_key) VALUES ({TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1000}, 'counts/{key}', 'count-{key}', '{key}', '{++count}', 'count-{key}')");
            await command.ExecuteNonQueryAsync(Stop);
        }

        return count;
    }

    private static async Task OrderAsync(Func<ApiProcess> api, ConcurrentBag<long> accepted, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                using var response = await api().Http.PostAsJsonAsync("orders", new { customer = "Ada", item = "Espresso" }, enough);
                if (response.StatusCode is HttpStatusCode.Created)
                    accepted.Add((await response.Content.ReadFromJsonAsync<Order>(enough))!.Id);
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException or JsonException or IOException)
            {
                // Killed in the midst of it: nobody knows whether the order was taken, and it counts if it is there.
                await Task.Yield();
            }
        }
    }

    // Whatever the status: on a busy machine another part may not answer in time.
    private static Task UntilEmptyAsync(ApiProcess api) => Eventually.TrueAsync(
        async () =>
        {
            using var health = await api.Http.GetAsync(new Uri("health", UriKind.Relative), Stop);
            return (await health.Content.ReadAsStringAsync(Stop)).Contains("\"waiting\":0", StringComparison.Ordinal);
        },
        "the outbox is empty");

    private static async Task AssertMatchAsync(ApiProcess api, IReadOnlyCollection<long> accepted, int others = 0)
    {
        var orders = new HashSet<long>();
        for (var before = long.MaxValue; ;)
        {
            var page = (await api.Http.GetFromJsonAsync<Order[]>($"orders?limit=500&before={before}", Stop))!;
            orders.UnionWith(page.Select(order => order.Id));
            if (page.Length < 500)
                break;
            before = page[^1].Id;
        }

        Assert.Empty(accepted.Except(orders));
        await UntilEmptyAsync(api);
        await using var client = await EventStreamClient.ConnectAsync(api.Address, "**", after: "earliest");
        var told = new List<long>();
        var ids = new List<EventId>();
        while (ids.Count < orders.Count + others)
        {
            var e = await client.NextAsync();
            if (e.EventType is "order.created")
                told.Add(JsonSerializer.Deserialize<JsonElement>(e.Data).GetProperty("id").GetInt64());
            Assert.True(EventId.TryParse(e.EventId, out var id));
            ids.Add(id);
        }

        Assert.Equal(orders.Order(), told.Order());
        Assert.Equal(Enumerable.Range(1, ids.Count).Select(n => (long)n), ids.Select(id => id.Sequence));
        Assert.Single(ids.Select(id => id.Epoch).Distinct());
        var more = client.NextAsync();
        using var response = await api.Http.PostAsJsonAsync("events", new { topic = "orders/0", type = "end", data = 0 }, Stop);
        Assert.Equal("end", (await more).EventType);
    }
}
