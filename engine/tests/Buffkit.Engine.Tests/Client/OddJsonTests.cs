using System.Text;
using Buffkit.Client;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>JSON that is good, and not what one expects.</summary>
public sealed class OddJsonTests
{
    public static TheoryData<EventStreamTransport> Transports => new(Enum.GetValues<EventStreamTransport>());

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task PayloadAsDeepAsTheServerTakes_ArrivesAsItWasPublished(EventStreamTransport transport)
    {
        const int Depth = 64;
        var deep = new string('[', Depth) + new string(']', Depth);
        await using var server = await StreamsServer.StartAsync();
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http, new EventStreamClientOptions { Transports = [transport] });
        using var answer = await http.PostAsync("events?topic=a&type=t", new StringContent(deep, Encoding.UTF8, "application/json"), Token);
        answer.EnsureSuccessStatusCode();

        var reading = client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(1);

        var e = Assert.Single(await reading.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.Equal(("a", "application/json", deep), (e.Topic, e.ContentType, e.Text));
    }

    [Theory]
    [InlineData("{\"session\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"session\":5,\"epoch\":[],\"latest\":{}}")]
    [InlineData("[]")]
    [InlineData("no JSON")]
    public async Task ControlEvent_OfOddMembers_EndsNothing(string data)
    {
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream($"id: e-0\nevent: stream.open\ndata: {data}\n\n{Event("e-1", "a")}", BodyEnd.Stall));
        using var client = ClientOf(server);

        Assert.Equal("a", Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1)).Text);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("\"subject\":\"\\ud800\"")]
    [InlineData("\"\\ud800\":\"x\"")]
    [InlineData("\"data_base64\":5")]
    [InlineData("\"time\":\"\\ud800\"")]
    public async Task Event_OfAnOddAttribute_IsStillThatEvent(string attribute)
    {
        var odd = Event("e-1", "a").Replace("\"specversion\"", $"{attribute},\"specversion\"", StringComparison.Ordinal);
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(Open + odd, BodyEnd.Stall));
        using var client = ClientOf(server);

        var e = Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1));

        Assert.Equal(("e-1", "a", "a"), (e.Id, e.Topic, e.Text));
    }

    [Fact]
    public async Task PayloadThatIsNoText_IsReadAsItWasWritten()
    {
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(Open + Event("e-1", "\\ud800"), BodyEnd.Stall));
        using var client = ClientOf(server);

        Assert.Equal("\"\\ud800\"", Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1)).Text);
    }
}
