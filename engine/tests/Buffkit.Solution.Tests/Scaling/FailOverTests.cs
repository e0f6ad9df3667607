using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Buffkit.Tests;

/// <summary>Redis' primary changes its role, or dies and its replica takes over, under two API processes.</summary>
[Collection(MeasuredTests.Name)]
public sealed class FailOverTests
{
    // Some 3 seconds on a machine with nothing else to do; without asking for the topology anew it was 20 to 59.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Who waits for a server that is gone is not the next one's hindrance.
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Primary_BecomesAReplicaAndAPrimaryAgain_EveryNodePublishesAndDeliversSoonAfter()
    {
        await using var redis = await ReplicatedRedis.StartAsync();
        await using var nodes = await ApiNodes.StartAsync(2, redis.ConnectionString);
        await using var clients = await ClientsAsync(nodes);

        await redis.TurnPrimaryIntoReplicaAndBackAsync();

        await AssertAllDeliveredAsync(nodes, clients);
    }

    [Fact]
    public async Task Primary_KilledAndItsReplicaPromoted_EveryNodePublishesAndDeliversSoonAfter()
    {
        await using var redis = await ReplicatedRedis.StartAsync();
        await using var nodes = await ApiNodes.StartAsync(2, redis.ConnectionString);
        await using var clients = await ClientsAsync(nodes);

        await redis.KillPrimaryAsync();
        await redis.PromoteReplicaAsync();

        await AssertAllDeliveredAsync(nodes, clients);
        // The replica had everything: nothing is lost, and nobody is told that it is.
        Assert.All(clients.All, client => Assert.Empty(client.Gaps));
    }

    [Fact]
    public async Task Replica_PromotedWithoutTheLastEvents_BeginsANewEpochWithAGap()
    {
        await using var redis = await ReplicatedRedis.StartAsync();
        await using var nodes = await ApiNodes.StartAsync(2, redis.ConnectionString);
        await using var clients = await ClientsAsync(nodes);
        await redis.StopReplicationAsync();
        await nodes[0].Http.PostAsJsonAsync("events", Event("lost to the replica"), TestContext.Current.CancellationToken);
        foreach (var client in clients.All)
            await client.ReceivedAsync(nodes.Count + 1);

        await redis.KillPrimaryAsync();
        await redis.PromoteReplicaAsync();

        await AssertAllDeliveredAsync(nodes, clients);
        foreach (var client in clients.All)
        {
            Assert.Equal("epoch", Assert.Single(client.Gaps).Reason);
            // No id of the old life names an event of the new one.
            Assert.Equal(client.Events.Length, client.Events.Select(e => e.Id).Distinct().Count());
        }
    }

    private static async Task<Clients> ClientsAsync(ApiNodes nodes)
    {
        var clients = new Clients([.. Enumerable.Range(0, nodes.Count).Select(i => new ResumingClient(_ => nodes[i].Address, "numbers"))]);
        foreach (var client in clients.All)
            await client.OpenedAsync();
        for (var node = 0; node < nodes.Count; node++)
        {
            using var response = await nodes[node].Http.PostAsJsonAsync("events", Event($"before {node}"), TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
        }

        foreach (var client in clients.All)
            await client.ReceivedAsync(nodes.Count);
        return clients;
    }

    private static async Task AssertAllDeliveredAsync(ApiNodes nodes, Clients clients)
    {
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, nodes.Count).Select(node =>
            Eventually.TrueAsync(() => TryPublishAsync(nodes[node].Http, $"after {node}"), $"node {node} to publish", Patience)));
        var published = Stopwatch.GetElapsedTime(began);
        foreach (var client in clients.All)
        {
            await Eventually.TrueAsync(
                () => Enumerable.Range(0, nodes.Count).All(node => client.Events.Any(e => e.Data == $"after {node}")), "every client to be told", Patience);
        }

        TestContext.Current.SendDiagnosticMessage($"published after {published}, delivered after {Stopwatch.GetElapsedTime(began)}");
        Assert.All(clients.All, client => Assert.Equal(1, client.Opened));
    }

    private static async Task<bool> TryPublishAsync(HttpClient http, string data)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        attempt.CancelAfter(Attempt);
        try
        {
            using var response = await http.PostAsJsonAsync("events", Event(data), attempt.Token);
            return response.StatusCode is HttpStatusCode.Accepted;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static object Event(string data) => new { topic = "numbers", type = "n", data };

    private sealed record Clients(ResumingClient[] All) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var client in All)
                await client.DisposeAsync();
        }
    }
}
