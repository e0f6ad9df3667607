using System.Net;
using System.Net.Http.Headers;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;

namespace Buffkit.Tests;

/// <summary>Networks that break a transport, as a server in memory that speaks event streams and long polls.</summary>
public sealed class FallBackTests
{
    private static readonly EventStreamTransport[] WithoutWebSocket = [EventStreamTransport.ServerSentEvents, EventStreamTransport.LongPoll];

    [Fact]
    public async Task ProxyThatHoldsTheStreamBack_IsLeftForThePoll()
    {
        var time = new FakeTimeProvider();
        using var server = new ScriptedServer((request, number) => IsPoll(request)
            ? Poll(number < 3 ? [Cloud("e-1", "a")] : [], "e-1")
            : ScriptedServer.Stream("", BodyEnd.Stall));
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket }, time);
        var states = new List<ConnectionState>();

        var reading = client.SubscribeAsync("a", new SubscriptionOptions { OnState = states.Add }, Token).ReadAsync(1);
        var read = await reading.WhileTimePassesAsync(time);

        Assert.Equal("a", Assert.Single(read).Text);
        Assert.Equal(EventStreamTransport.LongPoll, states.Last(state => state.Status is ConnectionStatus.Open).Transport);
    }

    [Fact]
    public async Task ProxyThatAnswersWithAPage_IsLeftForThePoll()
    {
        using var server = new ScriptedServer((request, _) => IsPoll(request) ? Poll([Cloud("e-1", "a")], "e-1") : ScriptedServer.Page(HttpStatusCode.OK));
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket });

        Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1));
    }

    [Fact]
    public async Task PageInsteadOfAWebSocket_WithNothingToFallBackTo_IsTriedAgain()
    {
        var time = new FakeTimeProvider();
        using var server = new ScriptedServer((_, number) => ScriptedServer.Page(number == 0 ? HttpStatusCode.OK : HttpStatusCode.NotFound));
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [EventStreamTransport.WebSocket] }, time);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("a", null, Token).ReadAsync(1).WhileTimePassesAsync(time));

        Assert.Equal(HttpStatusCode.NotFound, e.StatusCode);
    }

    [Fact]
    public async Task ThreeLivesUnderASecond_AreEnough_AndTheCursorGoesAlong()
    {
        using var server = new ScriptedServer((request, number) => IsPoll(request)
            ? Poll([Cloud("e-9", "z")], "e-9")
            : ScriptedServer.Stream(Open + Event($"e-{number + 1}", "a"), BodyEnd.Cut));
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket });

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync(4);

        Assert.Equal(["a", "a", "a", "z"], read.Select(e => e.Text));
        Assert.Equal([false, false, false, true], server.Requests.Select(request => request.Headers["Accept"].Contains("batch", StringComparison.Ordinal)));
        Assert.Equal("e-3", server.Requests.Last().LastEventId);
    }

    [Fact]
    public async Task ProxyThatCutsEvery30Seconds_IsStayedWith()
    {
        var time = new FakeTimeProvider();
        using var server = new ScriptedServer((_, number) => number < 10
            ? ScriptedServer.Stream(new LastingBody(Bytes(Open + Event($"e-{number + 1}", "a")), time, TimeSpan.FromSeconds(30)))
            : ScriptedServer.NoMore());
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket }, time);

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync().WhileTimePassesAsync(time);

        Assert.Equal(10, read.Count);
        Assert.DoesNotContain(server.Requests, request => request.Headers["Accept"].Contains("batch", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServerThatIsAway_ChangesNoTransport()
    {
        using var server = new ScriptedServer((_, number) => number < 10 ? throw new HttpRequestException("Connection refused.") : ScriptedServer.NoMore());
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket });

        await client.SubscribeAsync("a", null, Token).ReadAsync();

        Assert.DoesNotContain(server.Requests, request => request.Headers["Accept"].Contains("batch", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BetterTransport_IsTriedAgainLater_WhileThePollGoesOn()
    {
        var time = new ImpatientTime();
        var isOpen = false;
        using var server = new ScriptedServer((request, number) =>
        {
            if (!IsPoll(request))
                return isOpen ? ScriptedServer.Stream(Open + Event("e-2", "b"), BodyEnd.Stall) : ScriptedServer.Page(HttpStatusCode.OK);
            // Each waits as long as polls do.
            isOpen = number > 20;
            time.Pass(TimeSpan.FromSeconds(25));
            return Poll(number == 1 ? [Cloud("e-1", "a")] : [], "e-1");
        });
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = WithoutWebSocket }, time);

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync(2);

        Assert.Equal(["a", "b"], read.Select(e => e.Text));
        Assert.InRange(server.Requests.Count(request => !request.Headers["Accept"].Contains("batch", StringComparison.Ordinal)), 2, 5);
    }

    [Fact]
    public async Task LongPoll_CatchesUpWithoutWaiting_SaysLive_AndThenWaits()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            0 => Poll([Cloud("e-1", "a"), Cloud("e-2", "b")], "e-2"),
            1 => Poll([], "e-5"),
            _ => Poll([Cloud("e-6", "c")], "e-6"),
        });
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [EventStreamTransport.LongPoll] });
        var told = new List<string>();
        var options = new SubscriptionOptions { After = "e-0", OnOpen = _ => told.Add("open"), OnLive = live => told.Add($"live {live.Replayed} {live.Latest}") };

        await foreach (var e in client.SubscribeAsync("a", options, Token))
        {
            told.Add(e.Text);
            if (e.Text == "c")
                break;
        }

        Assert.Equal(["open", "a", "b", "live 2 e-5", "c"], told);
        Assert.Equal(
            ["/events?topic=a&after=e-0&wait=0", "/events?topic=a&wait=0", "/events?topic=a&wait=25"],
            server.Requests.Select(request => request.PathAndQuery));
        Assert.Equal([null, "e-2", "e-5"], server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task LongPoll_WhoseLinkIsTakenAway_GoesOnAfterTheBatch()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            0 => Poll([Cloud("e-1", "a"), Cloud("e-2", "b")], null),
            1 => Poll([Cloud("e-3", "c")], null),
            2 => Poll([], null),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [EventStreamTransport.LongPoll] });

        Assert.Equal(["a", "b", "c"], (await client.SubscribeAsync("a", null, Token).ReadAsync()).Select(e => e.Text));

        var polls = server.Requests.Take(4).ToArray();
        Assert.Equal([null, "e-2", "e-3", "e-3"], polls.Select(request => request.LastEventId));
        Assert.EndsWith("wait=25", polls[3].PathAndQuery, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("e-1")]
    public async Task LongPoll_ThatLeadsNoFurther_WaitsBeforeItComesAgain(string? link)
    {
        using var server = new ScriptedServer((_, number) => number < 5 ? Poll([Cloud("e-1", "a")], link) : ScriptedServer.NoMore());
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [EventStreamTransport.LongPoll] });
        var waits = 0;

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { OnState = state => waits += state.RetryIn > TimeSpan.Zero ? 1 : 0 }, Token).ReadAsync();

        Assert.Single(read);
        // The first leads on, the four after it do not.
        Assert.Equal(4, waits);
    }

    private static bool IsPoll(HttpRequestMessage request) => request.Headers.Accept.ToString().Contains("batch", StringComparison.Ordinal);

    private static string Cloud(string id, string text) =>
        $"{{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/events\",\"type\":\"t\",\"topic\":\"a\",\"datacontenttype\":\"application/json\",\"data\":\"{text}\"}}";

    private static HttpResponseMessage Poll(string[] events, string? next)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($"[{string.Join(',', events)}]") };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents-batch+json");
        if (next is not null)
            response.Headers.Add("Link", $"<?topic=a&after={next}>; rel=\"next\"");
        return response;
    }

    /// <summary>Ends after a time, by the test's clock.</summary>
    private sealed class LastingBody(byte[] bytes, FakeTimeProvider time, TimeSpan life) : DelegatingStream(new ScriptedBody([bytes]))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await Inner.ReadAsync(buffer, cancellationToken);
            if (read == 0)
                await Task.Delay(life, time, cancellationToken);
            return read == 0 ? throw new IOException("The connection was reset.") : read;
        }
    }
}
