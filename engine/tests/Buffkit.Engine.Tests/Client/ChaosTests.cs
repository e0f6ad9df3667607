using Buffkit.Client;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>Exact sequences through a network that cuts, delays, splits, duplicates and stalls.</summary>
public sealed class ChaosTests
{
    private const int Rounds = 10_000;
    private const int Batches = 10;

    public static TheoryData<int, bool> All
    {
        get
        {
            var data = new TheoryData<int, bool>();
            for (var batch = 0; batch < Batches; batch++)
                data.Add(batch, batch % 2 == 1);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Rounds_ThroughABadNetwork_GiveEachEventOnceAndInOrder(int batch, bool plain)
    {
        for (var seed = batch * (Rounds / Batches); seed < (batch + 1) * (Rounds / Batches); seed++)
            await RoundAsync(seed, plain);
    }

    private static async Task RoundAsync(int seed, bool plain)
    {
        var chaos = new ChaosServer(seed, plain);
        using var server = new ScriptedServer(chaos.Answer);
        using var http = server.Http();
        using var client = new StreamClient(
            () => http,
            new EventStreamClientOptions { PlainServer = plain, Transports = [EventStreamTransport.ServerSentEvents] },
            null,
            new ImpatientTime(),
            new Random(seed));
        var read = new List<(string Id, string Data)>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));

        try
        {
            await foreach (var e in client.SubscribeAsync(["a/**"], new SubscriptionOptions { After = SubscriptionOptions.Earliest }, patience.Token))
            {
                read.Add((e.Id, e.Text));
                if (read.Count == chaos.Count)
                    break;
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"Seed {seed}: {read.Count} of {chaos.Count} events came.");
        }

        Assert.True(chaos.Expected.SequenceEqual(read), $"Seed {seed}: {string.Join(' ', read.Select(e => e.Id))}");
    }
}
