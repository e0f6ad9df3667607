using System.Globalization;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

[Collection(MeasuredTests.Name)]
public sealed class StuckClientTests
{
    private const int Events = 10_000;
    private const int Stuck = 100;

    [Fact]
    public async Task Delivery_ClientsThatNeverRead_CostBoundedMemoryAndSlowNobody()
    {
        await using var server = await StreamsServer.StartAsync(new()
        {
            ["Streams:Delivery:MaxPendingBytes"] = "65536",
            ["Streams:Delivery:MaxBatchBytes"] = "16384",
            ["Streams:Tail:MaxBytes"] = "1048576",
            ["Streams:Log:MaxBytes"] = "1048576",
        });
        var stuck = new List<RawConnection>();
        for (var i = 0; i < Stuck; i++)
            stuck.Add(await RawConnection.GetAsync(server.Address, "/events?topic=a", receiveBuffer: 4_096));
        await using var reader = await EventStreamClient.ConnectAsync(server.Address, "a");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // The reader is asked after each hundred, so it is slowed by nobody but itself.
        for (var i = 1; i <= Events; i++)
        {
            await server.Publisher.PublishAsync(
                EventDraft.Json(Topic.Parse("a"), "t", i.ToString(CultureInfo.InvariantCulture).PadLeft(1_000)), TestContext.Current.CancellationToken);
            if (i % 100 != 0)
                continue;
            var data = await reader.NextDataAsync(100);
            Assert.Equal(Enumerable.Range(i - 99, 100).Select(n => n.ToString(CultureInfo.InvariantCulture)), data.Select(text => text.Trim()));
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        // Ten megabytes were published; the tail and the log keep one each, and a stuck connection at most what may wait for it.
        Assert.True(grown < 24 * 1024 * 1024, $"{grown:N0} bytes more for {Stuck} stuck connections.");
        Assert.Equal(Stuck + 1, server.Services.GetRequiredService<ConnectionSet>().Count);
        foreach (var connection in stuck)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Delivery_WriteThatDoesNotGetThrough_CutsTheConnection()
    {
        var time = new FakeTimeProvider();
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Delivery:BatchDelay"] = "00:00:00" }, services => services.AddSingleton<TimeProvider>(time));
        await using var stuck = await RawConnection.GetAsync(server.Address, "/events?topic=a", receiveBuffer: 4_096);
        var connections = server.Services.GetRequiredService<ConnectionSet>();
        await Eventually.TrueAsync(() => connections.Count == 1, "the connection is registered");

        var data = new string('x', 60_000);
        for (var i = 0; i < 200; i++)
            await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse("a"), "t", data), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => connections.All.Single().Writes.Started != 0, "a write waits for the client");

        // The sockets' buffers may take another write yet; the last one is what counts.
        var began = time.GetUtcNow();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return connections.Count == 0;
            },
            "the connection is cut");
        Assert.True(time.GetUtcNow() - began >= TimeSpan.FromSeconds(30), "It was cut before its time.");
    }
}
