using System.Diagnostics;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

[Collection(MeasuredTests.Name)]
public sealed class ChurnTests
{
    private const int Connects = 10_000;
    private const int AtOnce = 50;

    [Fact]
    public async Task Connections_TenThousandRapidConnectsAndDisconnects_LeaveNothingBehind()
    {
        await using var server = await StreamsServer.StartAsync();
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        // The first round pays for pools and code that stay.
        await ChurnAsync(server, 500);
        await Eventually.TrueAsync(() => connections.Count == 0, "the first round is gone");
        var (memory, handles) = await MeasureAsync();

        await ChurnAsync(server, Connects);

        await Eventually.TrueAsync(() => connections.Count == 0, "every connection is gone");
        Assert.Equal(1, connections.IndexNodes);
        await Eventually.TrueAsync(() => Handles() <= handles + 20, $"handles return to {handles}, now {Handles()}");
        var (after, _) = await MeasureAsync();
        Assert.True(after - memory < 4 * 1024 * 1024, $"{after - memory:N0} bytes more after {Connects} connections.");
    }

    private static async Task ChurnAsync(StreamsServer server, int connects)
    {
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async worker =>
        {
            for (var i = worker; i < connects; i += AtOnce)
            {
                using var client = await FastStreamClient.ConnectAsync(server.Address, $"?topic=a/{i}&topic=b/*/{i % 7}&topic=**");
                // Some vanish before the answer, some after it, some between publishes.
                if (i % 3 > 0)
                    await client.ReadAsync(_ => true);
                if (i % 3 > 1)
                    await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse($"a/{i}"), "t", i), TestContext.Current.CancellationToken);
                client.Cut();
            }
        }));
    }

    private static async Task<(long Memory, int Handles)> MeasureAsync()
    {
        // Sockets' finalizers need a second collection.
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }

        return (GC.GetTotalMemory(forceFullCollection: true), Handles());
    }

    private static int Handles()
    {
        using var process = Process.GetCurrentProcess();
        return process.HandleCount;
    }
}
