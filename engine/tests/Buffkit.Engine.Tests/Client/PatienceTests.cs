using System.Net;
using System.Net.Http.Headers;
using Buffkit.Client;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;

namespace Buffkit.Tests;

/// <summary>Answers that never end, or say a time that is none to wait.</summary>
public sealed class PatienceTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(EventStreamTransport.ServerSentEvents)]
    [InlineData(EventStreamTransport.LongPoll)]
    public async Task RefusalWhoseBodyStalls_IsComeBackFrom_WhenTheServerWants(EventStreamTransport transport)
    {
        using var server = new ScriptedServer((_, number) =>
        {
            if (number > 0)
                return ScriptedServer.NoMore();
            var refusal = Stalled(HttpStatusCode.ServiceUnavailable, "application/problem+json");
            refusal.Headers.RetryAfter = new(TimeSpan.FromSeconds(20));
            return refusal;
        });
        using var client = ClientOf(server, new EventStreamClientOptions { Transports = [transport] });
        var waits = new List<double>();
        var options = new SubscriptionOptions
        {
            OnState = state =>
            {
                if (state.RetryIn is { } wait)
                    waits.Add(wait.TotalSeconds);
            },
        };

        await client.SubscribeAsync("a", options, Token).ReadAsync().WaitAsync(Hang, Token);

        Assert.Equal([21], waits);
    }

    [Fact]
    public async Task RenewalWhoseBodyStalls_IsTriedAgain()
    {
        var time = new FakeTimeProvider();
        using var server = Renewing(number => number == 0 ? Stalled(HttpStatusCode.OK, "application/json") : new HttpResponseMessage(HttpStatusCode.NotFound));

        await OpenAsync(server, time, () => Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Renewals(server) == 2;
            },
            "the second renewal"));
    }

    [Fact]
    public async Task RenewalThatMayComeBackAtOnce_WaitsForASecond()
    {
        var time = new FakeTimeProvider();
        // An end for a client that does not wait.
        using var server = Renewing(number => number < 100
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = new(TimeSpan.Zero) } }
            : new HttpResponseMessage(HttpStatusCode.NotFound));

        await OpenAsync(server, time, async () =>
        {
            Assert.Equal(1, Renewals(server));
            time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.TrueAsync(() => Renewals(server) == 2, "the second renewal");
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RenewalThatHasMonths_IsAgainAfterADay(bool isRefused)
    {
        var time = new FakeTimeProvider();
        using var server = Renewing(number => number > 0
            ? new HttpResponseMessage(HttpStatusCode.NotFound)
            : isRefused
                ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = new(TimeSpan.FromDays(60)) } }
                : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{\"expires\":\"9999-12-31T00:00:00Z\"}") });

        await OpenAsync(server, time, async () =>
        {
            Assert.Equal(1, Renewals(server));
            time.Advance(TimeSpan.FromDays(1));
            await Eventually.TrueAsync(() => Renewals(server) == 2, "the second renewal");
        });
    }

    /// <summary>Has a stream open while something else is looked at.</summary>
    private static async Task OpenAsync(ScriptedServer server, FakeTimeProvider time, Func<Task> meanwhile)
    {
        var options = SseOnly;
        (options.ReadTimeout, options.AccessToken) = (Timeout.InfiniteTimeSpan, _ => ValueTask.FromResult<string?>("token"));
        using var client = ClientOf(server, options, time);
        await using var events = client.SubscribeAsync("a", null, Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());
        await meanwhile();
    }

    private static ScriptedServer Renewing(Func<int, HttpResponseMessage> answer)
    {
        var renewals = 0;
        return new ScriptedServer((request, _) =>
        {
            if (request.Method == HttpMethod.Post)
                return answer(Interlocked.Increment(ref renewals) - 1);
            var stream = ScriptedServer.Stream(Open + Event("e-1", "a"), BodyEnd.Stall);
            stream.Headers.Add("Session-Token", "session");
            return stream;
        });
    }

    private static int Renewals(ScriptedServer server) => server.Requests.Count(request => request.Method == "POST");

    private static HttpResponseMessage Stalled(HttpStatusCode status, string mediaType)
    {
        var response = ScriptedServer.Stream("{", BodyEnd.Stall);
        response.StatusCode = status;
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return response;
    }
}
