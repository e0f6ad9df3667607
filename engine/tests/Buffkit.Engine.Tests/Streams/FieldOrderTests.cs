namespace Buffkit.Tests;

/// <summary>
/// An event's id is its last line: clients there are that take it for their last one when they read it, and would skip the rest of an
/// event that is cut behind it.
/// </summary>
public sealed class FieldOrderTests
{
    [Theory]
    [InlineData("raw")]
    [InlineData("cloudevents")]
    [InlineData("html")]
    public async Task Id_OfAnyEvent_StandsLast(string format)
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Heartbeat"] = "00:00:01" });
        await server.PublishAsync("a", "one\ntwo");
        await using var connection = await RawConnection.GetAsync(
            server.Address, $"/events?topic=a&after=zzzzzzzz-7&heartbeat=event&format={format}", [("Accept", "text/event-stream")]);
        using var reader = new StreamReader(connection.Body);

        var last = new Dictionary<string, string>();
        var block = new List<string>();
        while (!last.ContainsKey("stream.heartbeat"))
        {
            var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            if (line.Length > 0)
            {
                block.Add(line);
                continue;
            }

            last[block.Single(field => field.StartsWith("event: ", StringComparison.Ordinal))["event: ".Length..]] = block[^1];
            block.Clear();
        }

        Assert.Equal(["stream.gap", "stream.heartbeat", "stream.live", "stream.open", "test"], last.Keys.Order(StringComparer.Ordinal));
        Assert.All(last, found => Assert.StartsWith(found.Key is "stream.live" ? "data: " : "id: ", found.Value, StringComparison.Ordinal));
    }
}
