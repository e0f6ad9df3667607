using System.Collections.Concurrent;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>Two thousand browsers behind one address lose their server at the same moment.</summary>
[Collection(MeasuredTests.Name)]
public sealed class StormTests
{
    private const int Clients = 2_000;

    // What is beyond it is let in at 30 a second, which the test waits for.
    private const int Burst = 1_800;

    // A browser's minute takes a second here: what the server says of times is kept, only lived faster.
    private const double Speed = 60;

    [Fact]
    public async Task Storm_OfReconnects_IsSpreadOutAndEverybodyIsLetIn()
    {
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Limits:ConnectsPerMinutePerAddress"] = $"{Burst}",
            ["Streams:Limits:ConnectionsPerAddress"] = "5000",
            ["Streams:Limits:ConnectsPerMinute"] = "60",
        });
        var waits = new ConcurrentBag<int>();
        var refused = 0;
        var open = new ConcurrentBag<RawConnection>();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Clients),
            new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = TestContext.Current.CancellationToken },
            async (_, cancellationToken) =>
            {
                while (true)
                {
                    var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", [("Accept", "text/event-stream"), .. SecuredServer.Browser]);
                    // A native EventSource would give up for good at any other status.
                    Assert.Equal(200, connection.Status);
                    var (retry, close) = await ReadBeginningAsync(connection, cancellationToken);
                    if (!close)
                    {
                        open.Add(connection);
                        return;
                    }

                    Interlocked.Increment(ref refused);
                    waits.Add(retry);
                    await connection.DisposeAsync();
                    await Task.Delay(TimeSpan.FromMilliseconds(retry / Speed), cancellationToken);
                }
            });

        Assert.Equal(Clients, open.Count);
        Assert.Equal(Clients, server.Services.GetRequiredService<ConnectionSet>().Count);
        // The bucket fills a little while the crowd comes.
        Assert.True(refused >= (Clients - Burst) / 2, $"{refused} were turned away");
        // They do not come back together: no second is given to more than a third of them.
        var first = waits.Where(wait => wait > 0).ToArray();
        Assert.All(first, wait => Assert.InRange(wait, 5_000, 120_000));
        Assert.All(first.GroupBy(wait => wait / 1_000), second => Assert.True(second.Count() < first.Length / 3, $"{second.Count()} of {first.Length} come back in second {second.Key}"));
        foreach (var connection in open)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Storm_OfReturningSessions_TheRetryIsSpreadToo()
    {
        await using var server = await StreamsServer.StartAsync();
        var retries = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
            retries.Add(client.Retry.TotalMilliseconds);
        }

        Assert.All(retries, retry => Assert.InRange(retry, 1_000, 5_000));
        Assert.True(retries.Max() - retries.Min() > 2_000);
    }

    private static async Task<(int Retry, bool Close)> ReadBeginningAsync(RawConnection connection, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(connection.Body, leaveOpen: true);
        var retry = 0;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("retry: ", StringComparison.Ordinal))
                retry = int.Parse(line["retry: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
                return (retry, line == "event: stream.close");
        }

        throw new EndOfStreamException("The stream had no beginning.");
    }
}
