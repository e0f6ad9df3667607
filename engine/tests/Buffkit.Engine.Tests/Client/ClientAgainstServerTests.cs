using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Serialization;
using Buffkit.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;
using StreamLive = Buffkit.Client.StreamLive;

namespace Buffkit.Tests;

/// <summary>The client and the engine, over real sockets.</summary>
public sealed partial class ClientAgainstServerTests(PostgresServer postgres, MySqlServer mySql)
{
    // The server asks for no pause, so that a test does not wait, and has patience with a session whose streams are cut. What a poll answers
    // is small enough to pass a proxy that cuts.
    private static readonly Dictionary<string, string?> Hasty = new()
    {
        ["Streams:Retry:Min"] = "00:00:00", ["Streams:Retry:Max"] = "00:00:00", ["Streams:Limits:Breaker:Failures"] = "0", ["Streams:Delivery:MaxBatchBytes"] = "1024",
    };

    public static TheoryData<EventStreamTransport> Transports => new(Enum.GetValues<EventStreamTransport>());

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Event_OfEachKind_ArrivesAsItWasPublished(EventStreamTransport transport)
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        using var http = Http(server.Address);
        using var client = new StreamClient(http, Over(transport));
        var told = new List<string>();
        var options = new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnOpen = open => told.Add($"open {open.Transport}"), OnLive = live => told.Add($"live {live.Replayed}") };
        var id = await client.PublishAsync("orders/42", "order.created", new Order("Ada", 3), OrderJson.Default.Order, "42", Token);
        await client.PublishAsync([EventToPublish.PlainText("orders/42", "note", "zwei\r\nZeilen \"é😀\""), EventToPublish.Binary("orders/42", "image", new byte[] { 0, 255, 10, 13 }, "image/png")], cancellationToken: Token);
        await server.PublishAsync("orders/43", "ein Text");

        var read = await client.SubscribeAsync("orders/**", options, Token).ReadAsync(4);

        Assert.Equal((id, "order.created", "orders/42", "42", "application/json"), (read[0].Id, read[0].Type, read[0].Topic, read[0].Key, read[0].ContentType));
        Assert.Equal(new Order("Ada", 3), read[0].Deserialize(OrderJson.Default.Order));
        Assert.Equal("zwei\r\nZeilen \"é😀\"", read[1].Text);
        Assert.Equal(("image/png", "00FF0A0D"), (read[2].ContentType, Convert.ToHexString(read[2].Data.Span)));
        Assert.Equal(("ein Text", "\"ein Text\""), (read[3].Text, Encoding.UTF8.GetString(read[3].Data.Span)));
        Assert.InRange(DateTimeOffset.UtcNow - read[3].Time!.Value, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));
        Assert.Equal($"open {transport}", told[0]);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Live_IsSaidOnce_WhenAllIsCaughtUp(EventStreamTransport transport)
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        for (var i = 0; i < 5; i++)
            await server.PublishAsync("a", i);
        using var http = Http(server.Address);
        using var client = new StreamClient(http, Over(transport));
        var live = new TaskCompletionSource<StreamLive>(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnLive = live.SetResult };

        var reading = client.SubscribeAsync("a", options, Token).ReadAsync(6);
        Assert.Equal(5, (await live.Task).Replayed);
        await server.PublishAsync("a", 5);

        Assert.Equal(["0", "1", "2", "3", "4", "5"], (await reading).Select(e => e.Text));
    }

    [Fact]
    public async Task CompressedStream_IsReadAsItGrows()
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        using var handler = StreamClient.CreateHandler();
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        using var client = new StreamClient(http, Over(EventStreamTransport.ServerSentEvents));
        await using var events = client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).GetAsyncEnumerator(Token);

        for (var i = 0; i < 5; i++)
        {
            // The next is published when this one was read.
            await server.PublishAsync("a", $"{i} {new string('x', 5_000)}");
            Assert.True(await events.MoveNextAsync());
            Assert.StartsWith($"{i} x", events.Current.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Sequence_ThroughAProxyThatCutsSplitsAndStalls_IsExact(EventStreamTransport transport)
    {
        const int Count = 400;
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address, seed: (int)transport) { CutAfter = 12_000, Stalls = 1 };
        using var http = Http(proxy.Address);
        var options = Over(transport);
        options.ReadTimeout = TimeSpan.FromSeconds(2);
        using var client = new StreamClient(http, options);
        var read = new List<string>();

        var reading = Task.Run(
            async () =>
            {
                await foreach (var e in client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token))
                {
                    lock (read)
                        read.Add(e.Text);
                    if (read.Count == Count)
                        break;
                }
            },
            Token);
        for (var i = 0; i < Count; i++)
            await server.PublishAsync("a", $"{i} {new string('x', i % 300)}");
        await reading;

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i} {new string('x', i % 300)}"), read);
        Assert.InRange(proxy.Connections, 5, int.MaxValue);
    }

    [Fact]
    public async Task Sequence_OverAllTransportsAndAProxyThatCutsWithinASecond_IsExact()
    {
        const int Count = 300;
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address, seed: 7) { CutAfter = 6_000 };
        using var http = Http(proxy.Address);
        var options = Over(EventStreamTransport.ServerSentEvents, EventStreamTransport.WebSocket, EventStreamTransport.LongPoll);
        options.BetterTransportAfter = TimeSpan.FromMilliseconds(200);
        using var client = new StreamClient(http, options);
        var used = new HashSet<EventStreamTransport>();

        var reading = client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnOpen = open => used.Add(open.Transport) }, Token).ReadAsync(Count);
        for (var i = 0; i < Count; i++)
            await server.PublishAsync("a", $"{i} {new string('x', i % 300)}");

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i} {new string('x', i % 300)}"), (await reading).Select(e => e.Text));
        Assert.InRange(used.Count, 2, 3);
    }

    [Fact]
    public async Task ProxyThatHoldsEventStreamsBack_IsPassedByWebSocket()
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address) { HoldsStreamsBack = true };
        using var http = Http(proxy.Address);
        var options = Over(EventStreamTransport.ServerSentEvents, EventStreamTransport.WebSocket, EventStreamTransport.LongPoll);
        options.FirstByteTimeout = TimeSpan.FromSeconds(1);
        using var client = new StreamClient(http, options);
        var transport = new List<EventStreamTransport>();
        await server.PublishAsync("a", "x");

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnOpen = open => transport.Add(open.Transport) }, Token).ReadAsync(1);

        Assert.Equal("x", Assert.Single(read).Text);
        Assert.Equal([EventStreamTransport.WebSocket], transport);
    }

    [Fact]
    public async Task ServerThatStopsAndStartsAgain_LosesNothing()
    {
        await using var tables = await EventTables.CreateAsync(EventTables.Sqlite, postgres, mySql);
        var first = await StartAsync();
        await using var proxy = new CuttingProxy(first.Address);
        using var http = Http(proxy.Address);
        using var client = new StreamClient(http, Over(EventStreamTransport.ServerSentEvents));
        var reasons = new List<string>();
        var gaps = new List<StreamGap>();
        var options = new SubscriptionOptions
        {
            After = SubscriptionOptions.Earliest, OnGap = gaps.Add,
            OnState = state =>
            {
                if (state.Status is ConnectionStatus.Waiting)
                    reasons.Add(state.Reason!);
            },
        };
        var reading = client.SubscribeAsync("a", options, Token).ReadAsync(60);

        for (var i = 0; i < 20; i++)
            await first.PublishAsync("a", i);
        await first.StopAsync();
        await first.DisposeAsync();
        var second = await StartAsync();
        for (var i = 20; i < 40; i++)
            await second.PublishAsync("a", i);
        proxy.Target = second.Address;
        for (var i = 40; i < 60; i++)
            await second.PublishAsync("a", i);

        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"{i}"), (await reading).Select(e => e.Text));
        Assert.Contains("The server closed the stream: drain.", reasons);
        Assert.Empty(gaps);
        await second.StopAsync();
        await second.DisposeAsync();

        Task<StreamsServer> StartAsync() => StreamsServer.StartAsync(new(Hasty) { ["Streams:Drain:Timeout"] = "00:00:05" }, streams: streams => streams.AddSqlHistory(_ => tables.Source));
    }

    [Fact]
    public async Task ServerThatForgot_TellsOfAGap_AndGoesOn()
    {
        var first = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(first.Address);
        using var http = Http(proxy.Address);
        using var client = new StreamClient(http, Over(EventStreamTransport.ServerSentEvents));
        var gap = new List<StreamGap>();
        var reading = client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnGap = gap.Add }, Token).ReadAsync(2);
        var id = await first.PublishAsync("a", "before");
        await using var second = await StreamsServer.StartAsync(Hasty);
        await second.PublishAsync("a", "after");
        proxy.Target = second.Address;
        await first.StopAsync();
        await first.DisposeAsync();

        Assert.Equal(["before", "after"], (await reading).Select(e => e.Text));
        Assert.Equal(("epoch", id), (Assert.Single(gap).Reason, gap[0].After));
    }

    [Fact]
    public async Task State_WithItsCursor_MissesNothingThatComesMeanwhile()
    {
        await using var server = await StreamsServer.StartAsync(Hasty, app: app => app.MapStateForClient());
        using var http = Http(server.Address);
        using var client = new StreamClient(http, Over(EventStreamTransport.ServerSentEvents));
        await server.PublishAsync("a", "in the state");
        var options = new SubscriptionOptions
        {
            GetState = async cancellationToken =>
            {
                using var response = await http.GetAsync("state", cancellationToken);
                await server.PublishAsync("a", "meanwhile");
                return response.GetEventCursor();
            },
        };

        Assert.Equal("meanwhile", Assert.Single(await client.SubscribeAsync("a", options, Token).ReadAsync(1)).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task ServerThatThrottles_IsWaitedFor(EventStreamTransport transport)
    {
        await using var server = await StreamsServer.StartAsync(new(Hasty) { ["Streams:Limits:ConnectsPerMinutePerAddress"] = "1" });
        using var http = Http(server.Address);
        using var client = new StreamClient(http, Over(transport));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        ConnectionState? waiting = null;
        var options = new SubscriptionOptions
        {
            OnState = state =>
            {
                if (state.RetryIn > TimeSpan.FromSeconds(5))
                {
                    waiting = state;
                    end.Cancel();
                }
            },
        };

        await using (var other = await RawConnection.GetAsync(server.Address, "/events?topic=a"))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.SubscribeAsync("a", options, end.Token).ReadAsync());

        Assert.InRange(waiting!.RetryIn!.Value, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task Publish_ThroughAProxyThatCutsTheAnswers_IsNeverDoubled()
    {
        const int Count = 60;
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address, seed: 3) { CutAfter = 900, Stalls = 1 };
        using var http = Http(proxy.Address);
        var options = Over(EventStreamTransport.ServerSentEvents);
        (options.BackoffMax, options.PublishAttemptTimeout) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(1));
        using var client = new StreamClient(http, options);
        var ids = new List<string>();
        for (var i = 0; i < Count; i++)
            ids.Add(await client.PublishAsync(EventToPublish.PlainText("a", "t", $"{i}"), cancellationToken: Token));

        proxy.CutAfter = null;
        using var direct = Http(server.Address);
        using var reader = new StreamClient(direct, Over(EventStreamTransport.ServerSentEvents));
        await server.PublishAsync("a", "end");
        var read = await reader.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(Count + 1);

        Assert.Equal([.. Enumerable.Range(0, Count).Select(i => $"{i}"), "end"], read.Select(e => e.Text));
        Assert.Equal(ids, read.Take(Count).Select(e => e.Id));
        Assert.InRange(proxy.Connections, Count / 10, int.MaxValue);
    }

    [Fact]
    public async Task Publish_WithAKeyOfTheCallers_IsTheSameAfterACrash()
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        using var http = Http(server.Address);
        using var client = new StreamClient(http);
        var e = EventToPublish.PlainText("a", "t", "once");

        var id = await client.PublishAsync(e, "order-42", Token);

        Assert.Equal(id, await client.PublishAsync(e, "order-42", Token));
    }

    [Fact]
    public async Task Publish_ThatIsRefused_SaysWhy()
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        using var http = Http(server.Address);
        using var client = new StreamClient(http);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.PublishAsync(EventToPublish.PlainText("a b", "t", "x"), cancellationToken: Token));

        Assert.Equal(HttpStatusCode.BadRequest, e.StatusCode);
        Assert.Contains("topic", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_IsRenewedBeforeItsCredentialsEnd_AndTheStreamGoesOn()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await SecuredServer.StartAsync(new(Hasty), time);
        using var handler = new BearerAsTest(time) { InnerHandler = StreamClient.CreateHandler() };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        var options = Over(EventStreamTransport.ServerSentEvents);
        options.ReadTimeout = Timeout.InfiniteTimeSpan;
        options.AccessToken = _ => ValueTask.FromResult<string?>($"ada;{time.GetUtcNow().AddMinutes(5):O}");
        using var client = new StreamClient(http, options, time: time);
        var opened = new List<StreamOpened>();
        var reading = client.SubscribeAsync("user/ada/a", new SubscriptionOptions { OnOpen = opened.Add }, Token).ReadAsync(1);
        await Eventually.TrueAsync(() => opened.Count == 1, "the stream");

        await Eventually.TrueAsync(() => handler.Renewals == 1, "the first renewal, which tells when the session ends");

        // Twenty minutes are four lives of the credentials.
        for (var minutes = 0; minutes < 20; minutes += 4)
        {
            var renewals = handler.Renewals;
            time.Advance(TimeSpan.FromMinutes(4));
            await Eventually.TrueAsync(() => handler.Renewals > renewals, "a renewal");
        }

        await server.PublishFromCodeAsync("user/ada/a", "x");

        Assert.Equal("x", Assert.Single(await reading.WhileTimePassesAsync(time, TimeSpan.FromMilliseconds(10))).Text);
        Assert.Single(opened);
    }

    [Fact]
    public async Task Session_IsTheSameOverReconnects_AndRotates()
    {
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address, seed: 5) { CutAfter = 4_000 };
        using var handler = new BearerAsTest { InnerHandler = StreamClient.CreateHandler() };
        using var http = new HttpClient(handler) { BaseAddress = proxy.Address };
        using var client = new StreamClient(http, Over(EventStreamTransport.ServerSentEvents));
        var sessions = new List<string?>();
        var reading = client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest, OnOpen = open => sessions.Add(open.Session) }, Token).ReadAsync(100);
        for (var i = 0; i < 100; i++)
            await server.PublishAsync("a", new string('x', 200));
        await reading;

        Assert.InRange(sessions.Count, 3, int.MaxValue);
        Assert.Single(sessions.Distinct());
        // Each stream that began gave another token; where its answer was cut before that the one before was sent again.
        Assert.InRange(handler.Tokens.Distinct().Count(), sessions.Count - 1, int.MaxValue);
    }

    [Fact]
    public async Task Topic_ThatIsForbidden_EndsWithAnException()
    {
        await using var server = await SecuredServer.StartAsync(new(Hasty));
        using var handler = new BearerAsTest { InnerHandler = StreamClient.CreateHandler() };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        var options = Over(EventStreamTransport.ServerSentEvents);
        options.AccessToken = _ => ValueTask.FromResult<string?>("bob");
        using var client = new StreamClient(http, options);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("user/ada/a", null, Token).ReadAsync());

        Assert.Equal(HttpStatusCode.Forbidden, e.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task EncryptedEvent_IsOpened(EventStreamTransport transport)
    {
        var folder = Directory.CreateTempSubdirectory("keys-");
        await using (var server = await StreamsServer.StartAsync(
            new(Hasty) { ["Streams:Encryption:Topics:0"] = "user/*/health", ["Streams:Encryption:KeyFile"] = Path.Combine(folder.FullName, "keys.json") }))
        {
            using var http = Http(server.Address);
            using var client = new StreamClient(http, Over(transport));
            await client.PublishAsync("user/ada/health", "t", new Order("Ada", 1), OrderJson.Default.Order, cancellationToken: Token);
            await client.PublishAsync(EventToPublish.Binary("user/ada/health", "t", new byte[] { 1, 2, 3 }, "image/png"), cancellationToken: Token);

            var read = await client.SubscribeAsync("user/ada/health", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(2);

            Assert.Equal(new Order("Ada", 1), read[0].Deserialize(OrderJson.Default.Order));
            Assert.Equal(("image/png", "010203"), (read[1].ContentType, Convert.ToHexString(read[1].Data.Span)));
            Assert.DoesNotContain(read, e => e.IsEncrypted);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Trace_GoesFromThePublisherToTheConsumer()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EventStreamTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await StreamsServer.StartAsync(Hasty);
        using var http = Http(server.Address);
        using var client = new StreamClient(http);
        ActivityTraceId trace;
        using (var activity = new Activity("the caller's").Start())
        {
            trace = activity.TraceId;
            await client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token);
        }

        var e = Assert.Single(await client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(1));
        using var processed = e.StartActivity();

        Assert.Equal((trace, ActivityKind.Consumer), (processed!.TraceId, processed.Kind));
        Assert.NotEqual(default, processed.ParentSpanId);
    }

    [Fact]
    public async Task Services_GiveAClientByItsName_ThatLogsNeitherTokenNorPayload()
    {
        const string Secret = "a-secret-token";
        await using var server = await StreamsServer.StartAsync(Hasty);
        await using var proxy = new CuttingProxy(server.Address, seed: 9) { CutAfter = 3_000 };
        using var records = new LogRecords(entry => entry.Category.Contains("Client", StringComparison.Ordinal));
        var services = new ServiceCollection();
        records.Add(services);
        services.AddEventStreamClient("orders", options =>
        {
            options.AccessToken = _ => ValueTask.FromResult<string?>(Secret);
            (options.BackoffStart, options.BackoffMax) = (TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        }).ConfigureHttpClient(http => http.BaseAddress = proxy.Address);
        services.AddEventStreamClient().ConfigureHttpClient(http => http.BaseAddress = server.Address);
        await using var provider = services.BuildServiceProvider();
        var named = provider.GetRequiredKeyedService<StreamClient>("orders");
        var client = provider.GetRequiredService<StreamClient>();
        for (var i = 0; i < 30; i++)
            await client.PublishAsync(EventToPublish.PlainText("a", "t", $"the-payload {new string('x', 300)}"), cancellationToken: Token);

        Assert.Equal(30, (await named.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(30)).Count);
        Assert.Same(named, provider.GetRequiredKeyedService<StreamClient>("orders"));
        Assert.Contains(records.Records, record => record.Category == typeof(StreamClient).FullName && record.Level is LogLevel.Debug);
        Assert.DoesNotContain(records.Records, record => record.Message.Contains(Secret, StringComparison.Ordinal) || record.Message.Contains("the-payload", StringComparison.Ordinal));
    }

    private static HttpClient Http(Uri address) => new(StreamClient.CreateHandler()) { BaseAddress = address };

    private static EventStreamClientOptions Over(params EventStreamTransport[] transports) =>
        new() { Transports = transports, BackoffStart = TimeSpan.FromMilliseconds(10), BackoffMax = TimeSpan.FromMilliseconds(100) };

    internal sealed record Order(string Customer, int Quantity);

    [JsonSerializable(typeof(Order))]
    internal sealed partial class OrderJson : JsonSerializerContext;

    /// <summary>The tests' scheme of authentication has a name of its own.</summary>
    private sealed class BearerAsTest(TimeProvider? time = null) : DelegatingHandler
    {
        private int _renewals;

        public int Renewals => Volatile.Read(ref _renewals);

        public List<string> Tokens { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Headers.Authorization is { Parameter: { } token })
                request.Headers.Authorization = new AuthenticationHeaderValue("Test", token);
            if (request.Headers.TryGetValues("Session-Token", out var tokens))
                Tokens.AddRange(tokens);
            var response = await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Post && response.IsSuccessStatusCode)
                Interlocked.Increment(ref _renewals);
            // Kestrel dates its answers by the machine's clock, whatever clock the engine has.
            response.Headers.Date = time?.GetUtcNow() ?? response.Headers.Date;
            return response;
        }
    }
}
