using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

public sealed class HistoryDisabledTests(PostgresServer postgres, MySqlServer mySql)
{
    [Fact]
    public async Task History_SwitchedOff_LogIsInMemoryAndTheDatabaseStaysEmpty()
    {
        await using var tables = await EventTables.CreateAsync(EventTables.Sqlite, postgres, mySql);
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:History:Enabled"] = "false", ["Streams:Tail:Capacity"] = "16", ["Streams:Log:MaxEvents"] = "16" },
            streams: streams => streams.AddSqlHistory(_ => tables.Source));
        var first = await server.PublishAsync("a", 0);
        for (var n = 1; n < 50; n++)
            await server.PublishAsync("a", n);

        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first);

        Assert.Equal("evicted", (await client.NextGapAsync()).Reason);
        Assert.Equal(0, await tables.NumberAsync("SELECT COUNT(*) FROM event_history"));
    }
}
