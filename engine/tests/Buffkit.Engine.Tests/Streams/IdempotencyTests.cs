using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Buffkit.Tests;

public sealed class IdempotencyTests
{
    private const string Body = """{"topic":"a","type":"t","data":1}""";

    [Fact]
    public async Task Publish_SameKeyAndBody_IsTakenOnceAndAnsweredAlike()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        var (_, first) = await PostAsync(server, "k1", Body);
        var (again, second) = await PostAsync(server, "k1", Body);
        await server.PublishAsync("a", "after");

        Assert.Equal(HttpStatusCode.Accepted, again);
        Assert.Equal(first, second);
        Assert.Equal(["1", "after"], await client.NextDataAsync(2));
    }

    [Fact]
    public async Task Publish_ArraySentAgainAtTheSameTimeManyTimes_IsTakenOnce()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        const string Array = """[{"topic":"a","type":"t","data":1},{"topic":"a","type":"t","data":2}]""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(server, "k", Array)));
        await server.PublishAsync("a", "after");

        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Equal(["1", "2", "after"], await client.NextDataAsync(3));
    }

    [Fact]
    public async Task Publish_SameKeyAndBodyOnAnotherTopic_Is422()
    {
        await using var server = await StreamsServer.StartAsync();

        var (first, _) = await PostAsync(server, "k", "1", "/events?topic=a&type=t");
        var (second, _) = await PostAsync(server, "k", "1", "/events?topic=b&type=t");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.UnprocessableEntity), (first, second));
    }

    [Fact]
    public async Task Publish_TwoKeys_IsRefusedNotSettledByTheFirst()
    {
        await using var server = await StreamsServer.StartAsync();
        (string, string)[] headers = [("Content-Type", "application/json"), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")];

        await using var connection = await RawConnection.PostAsync(server.Address, "/events", headers, Encoding.UTF8.GetBytes(Body));

        Assert.Equal(400, connection.Status);
    }

    [Theory]
    [InlineData("/events", """{"topic":"a","type":"t","data":2}""")]
    public async Task Publish_SameKeyOtherRequest_Is422AndPublishesNothing(string path, string body)
    {
        await using var server = await StreamsServer.StartAsync();
        await PostAsync(server, "k", Body);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        var (status, problem) = await PostAsync(server, "k", body, path);
        await server.PublishAsync("a", "after");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.True(JsonDocument.Parse(problem).RootElement.GetProperty("errors").TryGetProperty("Idempotency-Key", out _));
        Assert.Equal("after", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Publish_KeyAfterItsTime_IsNew()
    {
        var time = new FakeTimeProvider();
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Log:IdempotencyLifetime"] = "00:10:00" }, services => services.AddSingleton<TimeProvider>(time));
        var (_, first) = await PostAsync(server, "k", Body);

        time.Advance(TimeSpan.FromMinutes(9));
        var (_, within) = await PostAsync(server, "k", Body);
        time.Advance(TimeSpan.FromMinutes(1));
        var (_, after) = await PostAsync(server, "k", Body);

        Assert.Equal(first, within);
        Assert.NotEqual(first, after);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("")]
    public async Task Publish_BadKey_NamesTheField(string key)
    {
        await using var server = await StreamsServer.StartAsync();

        var (status, problem) = await PostAsync(server, key, Body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("Idempotency-Key", problem, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(StreamsServer server, string key, string body, string path = "/events")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
