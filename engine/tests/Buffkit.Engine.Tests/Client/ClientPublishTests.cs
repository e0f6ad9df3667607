using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>Publishing through handlers that fail in their own ways.</summary>
public sealed class ClientPublishTests
{
    [Fact]
    public async Task HandlerThatGivesUp_IsTriedAgainWithTheSameKeyAndBody()
    {
        var sent = new ConcurrentQueue<string>();
        using var server = new ScriptedServer((request, number) =>
        {
            sent.Enqueue($"{string.Join(',', request.Headers.GetValues("Idempotency-Key"))} {new StreamReader(request.Content!.ReadAsStream()).ReadToEnd()}");
            return number switch
            {
                0 => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable),
                1 => throw new CircuitOpenException(),
                _ => new HttpResponseMessage(HttpStatusCode.Accepted) { Content = new StringContent("{\"id\":\"e-1\"}") },
            };
        });
        var time = new FakeTimeProvider();
        using var client = ClientOf(server, time: time);

        var id = await client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token).WhileTimePassesAsync(time);

        Assert.Equal("e-1", id);
        Assert.Equal(3, sent.Count);
        Assert.Single(sent.Distinct());
    }

    [Fact]
    public async Task PageOfSomethingInBetween_IsNoAnswer()
    {
        using var server = new ScriptedServer((_, number) => number == 0
            ? ScriptedServer.Page(HttpStatusCode.OK)
            : new HttpResponseMessage(HttpStatusCode.Accepted) { Content = new StringContent("{\"id\":\"e-1\"}") });
        var time = new FakeTimeProvider();
        using var client = ClientOf(server, time: time);

        var id = await client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token).WhileTimePassesAsync(time);

        Assert.Equal("e-1", id);
        Assert.Single(server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
    }

    [Fact]
    public async Task TokenThatFailsAfterATry_TellsTheKeyOfThatTry()
    {
        using var server = new ScriptedServer((_, _) => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
        var time = new FakeTimeProvider();
        var options = SseOnly;
        var tokens = 0;
        options.AccessToken = _ => ++tokens == 1 ? ValueTask.FromResult<string?>("token") : throw new InvalidDataOfOursException();
        using var client = ClientOf(server, options, time);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token).WhileTimePassesAsync(time));

        Assert.Equal(Assert.Single(server.Requests).Headers["Idempotency-Key"], e.IdempotencyKey);
        Assert.IsType<InvalidDataOfOursException>(e.InnerException);
    }

    [Fact]
    public async Task PublishAgain_ByTheKeyOfTheException_IsNotDoubled()
    {
        await using var server = await StreamsServer.StartAsync();
        using var handler = new LosesAnswers { InnerHandler = StreamClient.CreateHandler() };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        using var client = new StreamClient(http, new EventStreamClientOptions { PublishTimeout = TimeSpan.FromTicks(1) });
        var e = EventToPublish.PlainText("a", "t", "once");
        EventStreamException failed;
        // The event carries this trace; what is published again must too.
        using (var trace = new Activity("the caller's").Start())
        {
            trace.TraceStateString = "vendor=1";
            failed = await Assert.ThrowsAsync<EventStreamException>(() => client.PublishAsync(e, cancellationToken: Token));
        }

        handler.IsPassing = true;
        // A session that came meanwhile is another caller, to whom the key is unknown.
        Assert.Single(await client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(1));
        var id = await client.PublishAsync(e, failed.IdempotencyKey, Token);
        await server.PublishAsync("a", "end");

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { After = SubscriptionOptions.Earliest }, Token).ReadAsync(2);
        Assert.Equal(["once", "end"], read.Select(one => one.Text));
        Assert.Equal(id, read[0].Id);
        Assert.Equal("vendor=1", read[0].Attributes["tracestate"]);
    }

    [Theory]
    [InlineData("a key")]
    [InlineData("")]
    public async Task Key_ThatIsNone_IsRefused(string key)
    {
        using var server = new ScriptedServer((_, _) => ScriptedServer.NoMore());
        using var client = ClientOf(server);

        await Assert.ThrowsAsync<ArgumentException>("idempotencyKey", () => client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), key, Token));
        Assert.Empty(server.Requests);
    }

    private sealed class InvalidDataOfOursException : Exception;

    /// <summary>The log has the event, and the caller is told nothing.</summary>
    private sealed class LosesAnswers : DelegatingHandler
    {
        public bool IsPassing { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (IsPassing)
                return response;
            response.Dispose();
            throw new CircuitOpenException();
        }
    }
}
