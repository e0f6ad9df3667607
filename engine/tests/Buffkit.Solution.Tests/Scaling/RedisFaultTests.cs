using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>Redis is paused, killed, restarted, cut off and emptied under two API processes.</summary>
[Collection(MeasuredTests.Name)]
public sealed class RedisFaultTests
{
    private const int Events = 50_000;

    [Fact]
    public async Task Redis_PausedKilledAndCutOff_EveryEventThatGotAnIdIsDeliveredOnce()
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: true);
        await using var nodes = await ApiNodes.StartAsync(2, redis.ConnectionString);
        await using var onOne = new ResumingClient(_ => nodes[0].Address, "numbers");
        await using var onBoth = new ResumingClient(number => nodes[number % 2].Address, "numbers");
        await onOne.OpenedAsync();
        await onBoth.OpenedAsync();

        var publishers = new Publishers(nodes, "numbers");
        var publishing = publishers.RunAsync(Events);
        Func<Task>[] faults =
        [
            redis.KillClientsAsync,
            async () =>
            {
                await redis.PauseAsync();
                await HealthAsync(nodes[1], "Degraded");
                onBoth.Cut();
                await redis.UnpauseAsync();
            },
            async () =>
            {
                await redis.KillAsync();
                await HealthAsync(nodes[0], "Degraded");
                Assert.Equal(HttpStatusCode.OK, (await nodes[0].Http.GetAsync(new Uri("/alive", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
                onBoth.Cut();
                await redis.ReviveAsync();
            },
            redis.KillClientsAsync,
            async () =>
            {
                await redis.KillAsync();
                await redis.ReviveAsync();
            },
            redis.KillClientsAsync,
        ];
        for (var i = 0; i < faults.Length; i++)
        {
            var at = (i + 1) * Events / (faults.Length + 1);
            await Eventually.TrueAsync(() => publishers.Taken >= at || publishing.IsFaulted, $"{at} published", TimeSpan.FromMinutes(2));
            await faults[i]();
        }

        await publishing;
        Assert.True(publishers.Refused > 0, "No publish was ever refused: the faults did not bite.");
        foreach (var client in (ResumingClient[])[onOne, onBoth])
        {
            await client.ReceivedAsync(Events);
            HandOverTests.AssertWhole(client, publishers);
        }

        // Redis was away, the node was not: whoever was on it was never cut.
        Assert.Equal(1, onOne.Opened);
        await HealthAsync(nodes[0], "Healthy");
    }

    [Fact]
    public async Task Redis_LosesEverything_IsAnnouncedAsAGapAndANewEpochBeginsInOneOrder()
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: false);
        await using var nodes = await ApiNodes.StartAsync(3, redis.ConnectionString);
        ResumingClient[] clients = [.. Enumerable.Range(0, 3).Select(i => new ResumingClient(_ => nodes[i].Address, "numbers"))];
        try
        {
            foreach (var client in clients)
                await client.OpenedAsync();

            var first = new Publishers(nodes, "numbers");
            await first.RunAsync(1_000);
            foreach (var client in clients)
                await client.ReceivedAsync(1_000);
            await redis.KillAsync();
            await redis.ReviveAsync();
            await Task.WhenAll(clients.Select(client => Eventually.TrueAsync(() => client.Gaps.Length == 1, "the gap")));

            await redis.FlushAsync();
            await Task.WhenAll(clients.Select(client => Eventually.TrueAsync(() => client.Gaps.Length == 2, "the second gap")));
            var second = new Publishers(nodes, "numbers");
            await second.RunAsync(2_000);
            foreach (var client in clients)
                await client.ReceivedAsync(3_000);

            foreach (var client in clients)
            {
                Assert.Equal([(1_000, "epoch"), (1_000, "epoch")], client.Gaps);
                Assert.Equal(clients[0].Events, client.Events);
                Assert.Equal(first.Accepted.Keys.Concat(second.Accepted.Keys).Order(), client.Events.Select(e => e.Id).Order());
                Assert.Equal(2, client.Events.Select(e => e.Id[..e.Id.IndexOf('-', StringComparison.Ordinal)]).Distinct().Count());
            }
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Redis_Away_StreamsGoOnAndPublishingIsRefusedWithRetryAfter()
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: true);
        await using var nodes = await ApiNodes.StartAsync(1, redis.ConnectionString, new() { ["Streams__Heartbeat"] = "00:00:01", ["Streams__Redis__Timeout"] = "00:00:01" });
        await using var client = new ResumingClient(_ => nodes[0].Address, "numbers");
        await client.OpenedAsync();
        var publishers = new Publishers(nodes, "numbers");
        await publishers.RunAsync(10);
        await client.ReceivedAsync(10);
        var middle = client.Events[4].Id;

        await redis.KillAsync();
        using var refused = await nodes[0].Http.PostAsJsonAsync("events", new { topic = "numbers", type = "n", data = 1 }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);

        // What the node has in its tail it serves to whoever comes.
        await using var late = await EventStreamClient.ConnectAsync(nodes[0].Address, "numbers", lastEventId: middle);
        Assert.True(late.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(5, (await late.NextDataAsync(5)).Length);

        await redis.ReviveAsync();
        await HealthAsync(nodes[0], "Healthy");
        await new Publishers(nodes, "other").RunAsync(1, publishers: 1);
        Assert.Equal(1, client.Opened);
    }

    [Fact]
    public async Task Node_StartedWhileRedisIsAway_SendsClientsAwayAndServesThemWhenItIsBack()
    {
        await using var redis = await RestartableRedis.StartAsync(keepsEverything: true);
        await redis.KillAsync();
        await using var nodes = await ApiNodes.StartAsync(1, redis.ConnectionString);
        await using var client = new ResumingClient(_ => nodes[0].Address, "numbers");
        Assert.Equal(0, client.Opened);

        await redis.ReviveAsync();
        await client.OpenedAsync();
        var publishers = new Publishers(nodes, "numbers");
        await publishers.RunAsync(10);
        await client.ReceivedAsync(10);
        HandOverTests.AssertWhole(client, publishers);
    }

    private static Task HealthAsync(ApiProcess node, string status) =>
        Eventually.TrueAsync(
            async () =>
            {
                using var response = await node.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
                var health = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                return health.GetProperty("status").GetString() == status;
            },
            $"health to be {status}");
}
