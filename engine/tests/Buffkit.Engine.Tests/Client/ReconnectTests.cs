using System.Net;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

public sealed class ReconnectTests
{
    [Fact]
    public async Task Reconnect_SecondAndThird_SendTheNewestId()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            < 3 => ScriptedServer.Stream(Open + Event($"e-{number + 1}", "a")),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server);

        await client.SubscribeAsync("a", null, Token).ReadAsync();

        Assert.Equal([null, "e-1", "e-2", "e-3"], server.Requests.Select(request => request.LastEventId));
    }

    [Fact]
    public async Task IdAlone_MovesTheCursor()
    {
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream("id: 1\ndata: a\n\nid: 2\n\n", BodyEnd.Cut) : ScriptedServer.NoMore());
        using var client = ClientOf(server, Plain);

        await client.SubscribeAsync([], null, Token).ReadAsync();

        Assert.Equal("2", server.Requests.Last().LastEventId);
    }

    [Fact]
    public async Task CutWithinAnEvent_DoesNotLoseIt()
    {
        var whole = "id: 1\ndata: a\n\nid: 2\ndata: b\n\n";
        for (var cut = 0; cut < whole.Length; cut++)
        {
            using var server = new ScriptedServer((request, number) => number == 0
                ? ScriptedServer.Stream(whole[..cut], BodyEnd.Cut)
                : ScriptedServer.Stream(request.Headers.TryGetValues("Last-Event-ID", out var last) && last.Single() == "1" ? whole[15..] : whole));
            using var client = ClientOf(server, Plain);

            var read = await client.SubscribeAsync([], null, Token).ReadAsync(2);

            Assert.Equal(["a", "b"], read.Select(e => e.Text));
        }
    }

    [Theory]
    [InlineData(EventStreamTransport.ServerSentEvents)]
    [InlineData(EventStreamTransport.LongPoll)]
    public async Task HandlerWithExceptionsOfItsOwn_IsANetworkThatFails(EventStreamTransport transport)
    {
        using var server = new ScriptedServer((_, number) => number < 3 ? throw new CircuitOpenException() : ScriptedServer.NoMore());
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [transport] });

        Assert.Equal([1, 2, 4], await WaitsAsync(client));
    }

    [Theory]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.OK)]
    public async Task ErrorPage_IsComeBackFrom(HttpStatusCode status)
    {
        using var server = new ScriptedServer((_, number) => number < 3 ? ScriptedServer.Page(status) : ScriptedServer.Stream(Open + Event("e-1", "a"), BodyEnd.Stall));
        using var client = ClientOf(server);

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync(1);

        Assert.Equal("a", Assert.Single(read).Text);
    }

    [Fact]
    public async Task NoContent_EndsTheSubscription()
    {
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream(Open + Event("e-1", "a")) : ScriptedServer.NoMore());
        using var client = ClientOf(server);
        var states = new List<ConnectionState>();

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { OnState = states.Add }, Token).ReadAsync();

        Assert.Equal("a", Assert.Single(read).Text);
        Assert.Equal(ConnectionStatus.Closed, states[^1].Status);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task BadRequest_EndsWithWhatTheServerSaid()
    {
        using var server = new ScriptedServer((_, _) => new HttpResponseMessage(HttpStatusCode.BadRequest)
        {
            Content = new StringContent("{\"title\":\"One or more fields are wrong.\",\"errors\":{\"topic\":[\"No topic.\"]}}", null, "application/problem+json"),
        });
        using var client = ClientOf(server);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("a", null, Token).ReadAsync());

        Assert.Equal(HttpStatusCode.BadRequest, e.StatusCode);
        Assert.Contains("No topic.", e.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Backoff_DoublesUpToItsMost_AndBeginsAnewAfterAnEvent()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            < 8 => throw new HttpRequestException("Connection refused."),
            8 => ScriptedServer.Stream(Open + Event("e-1", "a")),
            9 => throw new HttpRequestException("Connection refused."),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server);

        var waits = await WaitsAsync(client);

        Assert.Equal([1, 2, 4, 8, 16, 30, 30, 30, 1, 1], waits);
    }

    [Fact]
    public async Task Backoff_IsDrawnFromTheWholeRange()
    {
        var waits = new List<double>();
        for (var seed = 0; seed < 200; seed++)
        {
            using var server = new ScriptedServer((_, number) => number < 4 ? throw new HttpRequestException("Connection refused.") : ScriptedServer.NoMore());
            using var client = ClientOf(server, random: new Random(seed));
            waits.Add((await WaitsAsync(client))[^1]);
        }

        Assert.InRange(waits.Min(), 0, 0.8);
        Assert.InRange(waits.Max(), 7.2, 8);
        Assert.InRange(waits.Average(), 3, 5);
    }

    [Fact]
    public async Task Retry_OfTheServer_IsWaited()
    {
        using var server = new ScriptedServer((_, number) => number < 2 ? ScriptedServer.Stream($"retry: {4_000 + number}\n{Open}{Event($"e-{number + 1}", "a")}") : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        Assert.Equal([4, 4.001], await WaitsAsync(client));
    }

    [Fact]
    public async Task Retry_OfAServerThatIsGone_IsWaitedAndMore()
    {
        using var server = new ScriptedServer((_, number) => number switch
        {
            0 => ScriptedServer.Stream($"retry: 4000\n{Open}{Event("e-1", "a")}"),
            < 3 => throw new HttpRequestException("Connection refused."),
            _ => ScriptedServer.NoMore(),
        });
        using var client = ClientOf(server);

        Assert.Equal([4, 5, 6], await WaitsAsync(client));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task RetryAfter_AsADate_IsOfTheServersClock(int hoursApart)
    {
        var time = new ImpatientTime();
        using var server = new ScriptedServer((_, number) =>
        {
            if (number > 0)
                return ScriptedServer.NoMore();
            var now = time.GetUtcNow().AddHours(hoursApart);
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { Date = now, RetryAfter = new(now.AddSeconds(20)) } };
        });
        using var client = ClientOf(server, time: time);

        Assert.Equal([21], await WaitsAsync(client));
    }

    [Fact]
    public async Task RetryAfter_InSeconds_IsWaited()
    {
        using var server = new ScriptedServer((_, number) => number == 0
            ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new(TimeSpan.FromSeconds(90)) } }
            : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        Assert.Equal([91], await WaitsAsync(client));
    }

    [Fact]
    public async Task RetryAfter_OfAYear_IsTakenForAnHour()
    {
        using var server = new ScriptedServer((_, number) => number == 0
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = new(TimeSpan.FromDays(365)) } }
            : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        Assert.Equal([3_601], await WaitsAsync(client));
    }

    [Fact]
    public async Task Close_SaysWhenToComeBack()
    {
        using var server = new ScriptedServer((_, number) => number == 0
            ? ScriptedServer.Stream($"retry: 1000\n{Open}retry: 7000\nevent: stream.close\ndata: {{\"reason\":\"drain\",\"retryMs\":7000}}\n\n", BodyEnd.Stall)
            : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        Assert.Equal([7], await WaitsAsync(client));
    }

    [Fact]
    public async Task Silence_ForLongerThanTheReadTimeout_IsADeadConnection()
    {
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream(Open + Event("e-1", "a"), BodyEnd.Stall) : ScriptedServer.NoMore());
        var time = new FakeTimeProvider();
        using var client = ClientOf(server, time: time);

        await client.SubscribeAsync("a", null, Token).ReadAsync().WhileTimePassesAsync(time, TimeSpan.FromSeconds(5));

        Assert.Equal(2, server.Requests.Count);
        Assert.Equal("e-1", server.Requests.Last().LastEventId);
    }

    [Fact]
    public async Task Comments_Alone_KeepAConnectionAliveForHours()
    {
        var time = new FakeTimeProvider();
        // Each is read when 50 of the 60 seconds have passed; a thousand of them are 14 hours.
        var body = new PacedBody(Bytes(Open), Enumerable.Repeat(Bytes(":\n"), 1_000), time, TimeSpan.FromSeconds(50));
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream(body) : ScriptedServer.NoMore());
        using var client = ClientOf(server, time: time);

        var reading = client.SubscribeAsync("a", null, Token).ReadAsync();
        await body.Ended;
        await reading.WhileTimePassesAsync(time);

        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Consumer_ThatTakesItsTime_CostsNoConnectionAndReadsNothingAhead()
    {
        var time = new FakeTimeProvider();
        var text = new string('x', 1_000);
        var body = new ScriptedBody(Enumerable.Range(1, 10_000).Select(i => Bytes(Event($"e-{i}", text))));
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(body));
        using var client = ClientOf(server, time: time);

        await using var events = client.SubscribeAsync("a", null, Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 20; i++)
        {
            Assert.True(await events.MoveNextAsync());
            time.Advance(TimeSpan.FromHours(1));
        }

        Assert.InRange(body.Taken, 20_000, 100_000);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AccessToken_IsAskedForAtEachConnect()
    {
        var tokens = 0;
        using var server = new ScriptedServer((_, number) => number < 3 ? ScriptedServer.Stream(Open + Event($"e-{number}", "a")) : ScriptedServer.NoMore());
        var options = SseOnly;
        options.AccessToken = _ => ValueTask.FromResult<string?>($"token-{++tokens}");
        using var client = ClientOf(server, options);

        await client.SubscribeAsync("a", null, Token).ReadAsync();

        Assert.Equal(["Bearer token-1", "Bearer token-2", "Bearer token-3", "Bearer token-4"], server.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Fact]
    public async Task Unauthorized_WithATokenThatExpired_IsTriedWithTheNext()
    {
        var tokens = 0;
        using var server = new ScriptedServer((request, _) => request.Headers.Authorization!.Parameter == "token-2"
            ? ScriptedServer.Stream(Open + Event("e-1", "a"), BodyEnd.Stall)
            : new HttpResponseMessage(HttpStatusCode.Unauthorized));
        var options = SseOnly;
        options.AccessToken = _ => ValueTask.FromResult<string?>($"token-{++tokens}");
        using var client = ClientOf(server, options);

        Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1));
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    public async Task Unauthorized_ForGood_EndsWithAnException(bool hasToken, int requests)
    {
        using var server = new ScriptedServer((_, _) => new HttpResponseMessage(HttpStatusCode.Unauthorized));
        var options = SseOnly;
        options.AccessToken = hasToken ? _ => ValueTask.FromResult<string?>("token") : null;
        using var client = ClientOf(server, options);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("a", null, Token).ReadAsync());

        Assert.Equal((HttpStatusCode.Unauthorized, requests), (e.StatusCode, server.Requests.Count));
    }

    [Fact]
    public async Task Event_ThatComesAgain_IsDropped_AndMovesNoCursorBack()
    {
        using var server = new ScriptedServer((_, number) => number == 0
            ? ScriptedServer.Stream(Open + Event("e-1", "a") + Event("e-2", "b") + Event("e-1", "a"))
            : ScriptedServer.NoMore());
        using var client = ClientOf(server);

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync();

        Assert.Equal(["a", "b"], read.Select(e => e.Text));
        Assert.Equal("e-2", server.Requests.Last().LastEventId);
    }

    [Fact]
    public async Task PlainServer_WithOneIdForManyEvents_LosesNone()
    {
        using var server = new ScriptedServer((_, number) => number == 0 ? ScriptedServer.Stream("id: 1\ndata: a\n\nid: 1\ndata: b\n\n") : ScriptedServer.NoMore());
        using var client = ClientOf(server, Plain);

        Assert.Equal(["a", "b"], (await client.SubscribeAsync([], null, Token).ReadAsync()).Select(e => e.Text));
        Assert.Equal("/events", server.Requests.First().PathAndQuery);
    }

    [Fact]
    public async Task Event_LargerThanAllowed_EndsWithAnException()
    {
        using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(Enumerable.Repeat(Bytes("data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"), 1_000)));
        var options = Plain;
        options.MaxEventBytes = 4_096;
        using var client = ClientOf(server, options);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync([], null, Token).ReadAsync());

        Assert.Contains("MaxEventBytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_WithinEachCallback_EndsTheSubscription()
    {
        var stream = Open + Event("e-1", "a") + "event: stream.live\ndata: {\"replayed\":1,\"latest\":\"e-1\"}\n\n"
            + "id: e-4\nevent: stream.gap\ndata: {\"after\":\"e-1\",\"next\":\"e-5\",\"reason\":\"evicted\"}\n\n" + Event("e-5", "b");
        foreach (var which in (string[])["open", "live", "gap", "connecting", "state-open", "waiting"])
        {
            using var server = new ScriptedServer((_, _) => ScriptedServer.Stream(stream));
            using var client = ClientOf(server);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var options = new SubscriptionOptions
            {
                OnOpen = _ => End("open"), OnLive = _ => End("live"), OnGap = _ => End("gap"),
                OnState = state => End(state.Status switch { ConnectionStatus.Connecting => "connecting", ConnectionStatus.Open => "state-open", ConnectionStatus.Waiting => "waiting", _ => "" }),
            };

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.SubscribeAsync("a", options, end.Token).ReadAsync());

            void End(string now)
            {
                if (now == which)
                    end.Cancel();
            }
        }
    }

    [Fact]
    public async Task CancellationToken_UsedForTwoThousandSubscriptions_HoldsNoneOfThem()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var bodies = new List<WeakReference>();
        using var server = new ScriptedServer((_, _) =>
        {
            var body = new ScriptedBody([Bytes(Open + Event("e-1", "a"))], BodyEnd.Stall);
            bodies.Add(new WeakReference(body));
            return ScriptedServer.Stream(body);
        });
        using var client = ClientOf(server);

        for (var i = 0; i < 2_000; i++)
            await OneAsync(client, end.Token);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // The last may still stand on a stack.
        Assert.InRange(bodies.Count(body => body.IsAlive), 0, 5);
        Assert.False(end.IsCancellationRequested);
    }

    private static async Task OneAsync(StreamClient client, CancellationToken cancellationToken) =>
        Assert.Single(await client.SubscribeAsync("a", null, cancellationToken).ReadAsync(1));

    private static async Task<List<double>> WaitsAsync(StreamClient client)
    {
        var waits = new List<double>();
        var options = new SubscriptionOptions
        {
            OnState = state =>
            {
                if (state.RetryIn is { } wait)
                    waits.Add(wait.TotalSeconds);
            },
        };
        await client.SubscribeAsync("a", options, Token).ReadAsync();
        return waits;
    }

    /// <summary>Each piece comes after a time, by the test's clock.</summary>
    private sealed class PacedBody(byte[] first, IEnumerable<byte[]> pieces, FakeTimeProvider time, TimeSpan pace) : DelegatingStream(new ScriptedBody([first, .. pieces]))
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The client waits by now, and its own timer runs.
            await Task.Yield();
            time.Advance(pace);
            cancellationToken.ThrowIfCancellationRequested();
            var read = await Inner.ReadAsync(buffer, cancellationToken);
            if (read == 0)
                _ended.TrySetResult();
            return read;
        }
    }
}
