using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Buffkit.Tests;

/// <summary>A server that starts when others have published for a while.</summary>
[Collection(MeasuredTests.Name)]
public sealed class LateNodeTests(RedisServer redis) : IAsyncDisposable
{
    private readonly string _prefix = RedisServer.NewKeyPrefix();
    private readonly List<ConnectionMultiplexer> _connections = [];

    [Fact]
    public async Task Earliest_TailHoldsLittleOfTheLog_BringsAllThatIsRetained()
    {
        await using var publisher = await StartAsync(tail: 8_192);
        for (var n = 0; n < 120; n++)
            await publisher.PublishAsync("t", n);
        await using var node = await StartAsync(tail: 16);

        await using var client = await EventStreamClient.ConnectAsync(node.Address, "t", after: "earliest");

        Assert.True(client.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal(Enumerable.Range(0, 120).Select(n => n.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(120));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }

    private async Task<StreamsServer> StartAsync(int tail)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        _connections.Add(connection);
        return await StreamsServer.StartAsync(
            new()
            {
                ["Streams:Redis:KeyPrefix"] = _prefix,
                ["Streams:Tail:Capacity"] = tail.ToString(CultureInfo.InvariantCulture),
            },
            services => services.AddSingleton<IConnectionMultiplexer>(connection));
    }
}
