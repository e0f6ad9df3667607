using System.Globalization;

namespace Buffkit.Tests;

/// <summary>Any server takes over any client: three API processes on one Redis.</summary>
[Collection(MeasuredTests.Name)]
public sealed class HandOverTests(RedisServer redis)
{
    private const int Events = 20_000;
    private const int Cuts = 100;

    [Fact]
    public async Task Client_CutAHundredTimesAndResumedOnAnotherNode_MissesNothingAndDoublesNothing()
    {
        await using var nodes = await ApiNodes.StartAsync(3, await redis.StartAsync());
        await using var client = new ResumingClient(number => nodes[number % 3].Address, "numbers");
        await client.OpenedAsync();

        var publishers = new Publishers(nodes, "numbers");
        var publishing = publishers.RunAsync(Events);
        var random = new Random(7);
        for (var cut = 1; cut <= Cuts; cut++)
        {
            // Anywhere in the stream: right after an event, in the middle of a page, far behind.
            await client.ReceivedAsync((cut * Events / (Cuts + 1)) + random.Next(50));
            client.Cut();
            await client.OpenedAsync(cut + 1);
        }

        await publishing;
        await client.ReceivedAsync(Events);
        AssertWhole(client, publishers);
        Assert.InRange(client.Opened, Cuts + 1, Cuts + 3);
        Assert.Equal(0, client.Repeats);
    }

    [Fact]
    public async Task Node_KilledHard_ItsClientsAreWholeOnTheOthersWithinTheRetryTime()
    {
        await using var nodes = await ApiNodes.StartAsync(3, await redis.StartAsync());
        // All begin on the node that will die; then they take the others in turn.
        ResumingClient[] clients = [.. Enumerable.Range(0, 50).Select(i =>
            new ResumingClient(number => nodes[number == 0 ? 0 : 1 + ((number + i) % 2)].Address, "numbers"))];
        try
        {
            foreach (var client in clients)
                await client.OpenedAsync();
            var publishers = new Publishers(nodes, "numbers", firstNode: 1);
            var publishing = publishers.RunAsync(5_000);
            await clients[0].ReceivedAsync(1_000);

            await nodes[0].KillAsync();
            await Task.WhenAll(clients.Select(client => client.OpenedAsync(times: 2)));
            await publishing;
            foreach (var client in clients)
            {
                await client.ReceivedAsync(5_000);
                AssertWhole(client, publishers);
            }
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
    }

    internal static void AssertWhole(ResumingClient client, Publishers publishers)
    {
        Assert.Empty(client.Gaps);
        var events = client.Events;
        Assert.Equal(publishers.Accepted.Count, events.Length);
        long last = 0;
        foreach (var (id, data) in events)
        {
            Assert.True(publishers.Accepted.TryGetValue(id, out var number), $"{id} was delivered and never accepted.");
            Assert.Equal(number.ToString(CultureInfo.InvariantCulture), data);
            var sequence = long.Parse(id.AsSpan(id.IndexOf('-', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
            Assert.True(sequence > last, $"{id} came after {last}.");
            last = sequence;
        }
    }
}
