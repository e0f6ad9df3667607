using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Buffkit.Streams;

namespace Buffkit.Tests;

public sealed class PublishTests
{
    [Fact]
    public async Task Publish_One_IsAcceptedWithTheIdThatSubscribersSee()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "orders/*");

        using var response = await PostAsync(server, """{"topic":"orders/42","type":"order.created","data":{"n": 1},"key":"42"}""");
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var item = await client.NextAsync();

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(answer.GetProperty("id").GetString(), item.EventId);
        Assert.Equal(("order.created", """{"n":1}"""), (item.EventType, item.Data));
    }

    [Fact]
    public async Task Publish_Array_IsAcceptedWhole_InOrder()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");

        using var response = await PostAsync(
            server, """[{"topic":"a","type":"t","data":1},{"topic":"b/c","type":"t","data":[2]},{"topic":"a","type":"t"}]""");
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

        var ids = answer.GetProperty("ids").EnumerateArray().Select(id => id.GetString()).ToArray();
        foreach (var (id, data) in ids.Zip(["1", "[2]", ""]))
        {
            var item = await client.NextAsync();
            Assert.Equal((id, data), (item.EventId, item.Data));
        }
    }

    [Theory]
    [InlineData("nope", "body")]
    [InlineData("", "body")]
    [InlineData("17", "body")]
    [InlineData("[]", "body")]
    [InlineData("[1]", "[0]")]
    [InlineData("""{"type":"t"}""", "topic")]
    [InlineData("""{"topic":"a"}""", "type")]
    [InlineData("""{"topic":7,"type":"t"}""", "topic")]
    [InlineData("""{"topic":"a/*","type":"t"}""", "topic")]
    [InlineData("""{"topic":"a\r\nb","type":"t"}""", "topic")]
    [InlineData("""{"topic":"a\u0000b","type":"t"}""", "topic")]
    [InlineData("""{"topic":"a","type":"t\nid: 1"}""", "type")]
    [InlineData("""{"topic":"a","type":"t\r"}""", "type")]
    [InlineData("""{"topic":"a","type":"t\u0000"}""", "type")]
    [InlineData("""{"topic":"a","type":"stream.close"}""", "type")]
    [InlineData("""{"topic":"a","type":"\ud800"}""", "type")]
    [InlineData("""{"topic":"a","type":"t","data":["\ud800"]}""", "data")]
    [InlineData("""{"topic":"a","type":"t","key":""}""", "key")]
    [InlineData("""{"topic":"a","type":"error"}""", "type")]
    [InlineData("""{"topic":"a","type":"t","data":{"\ud800":1}}""", "body")]
    [InlineData("""{"topic":"a","type":"t","\ud800":1}""", "body")]
    [InlineData("""{"topic":"a","type":"t","dta":1}""", "dta")]
    [InlineData("""[{"topic":"a","type":"t"},{"topic":"a//b","type":"t"}]""", "[1].topic")]
    public async Task Publish_BadInput_NamesTheFieldPublishesNothingAndTheServerGoesOn(string body, string field)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");

        using var response = await PostAsync(server, body);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
        await server.PublishAsync("next", "here");
        Assert.Equal("here", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Publish_NotUtf8_IsRefusedNotRepaired()
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent([.. "{\"topic\":\"a\",\"type\":\"t\",\"data\":\""u8, 0xFF, .. "\"}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Contains("UTF-8", await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "body"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_HundredThousandWrongMembers_IsAnsweredShortly()
    {
        await using var server = await StreamsServer.StartAsync();
        var members = string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"x{i}\":1"));

        using var response = await PostAsync(server, $$"""{"topic":"a","type":"t",{{members}}}""");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Length < 4_000);
    }

    [Theory]
    [InlineData("application/x;a=\"<img/src=x/onerror=alert(1)>\"", HttpStatusCode.Accepted)]
    [InlineData("a<b/c", HttpStatusCode.BadRequest)]
    [InlineData("a#b/c", HttpStatusCode.BadRequest)]
    public async Task Publish_HostileContentType_BringsNoMarkupIntoTheStream(string contentType, HttpStatusCode status)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");
        using var content = new ByteArrayContent([1]);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using var response = await server.Http.PostAsync(new Uri("/events?topic=a&type=t", UriKind.Relative), content, TestContext.Current.CancellationToken);
        await server.PublishAsync("a", "after");

        Assert.Equal(status, response.StatusCode);
        if (status is HttpStatusCode.Accepted)
            Assert.Equal("data:application/x;base64,AQ==", (await client.NextAsync()).Data);
        Assert.Equal("after", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Publish_TopicNamedTwice_IsRefusedNotJoined()
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent([1]);

        using var response = await server.Http.PostAsync(
            new Uri("/events?topic=a&topic=b&type=t", UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "topic");
    }

    [Fact]
    public async Task Publish_FromCode_ChecksJsonAndKeepsItsOwnCopy()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var buffer = "\"before\""u8.ToArray();

        await Assert.ThrowsAsync<ArgumentException>(async () => await server.Publisher.PublishAsync(
            new EventDraft { Topic = Topic.Parse("a"), Type = "t", Data = "\"abc"u8.ToArray() }, TestContext.Current.CancellationToken));
        Assert.Throws<FormatException>(() => new EventDraft { Topic = Topic.Parse("a"), Type = "t", ContentType = "a/b\nevent: x" });
        await server.Publisher.PublishAsync(new EventDraft { Topic = Topic.Parse("a"), Type = "t", Data = buffer }, TestContext.Current.CancellationToken);
        "\"AFTER!\""u8.CopyTo(buffer);

        Assert.Equal("before", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Publish_EventOverTheLimit_Is413AndNamesTheField()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:EventBytes"] = "1000" });

        using var response = await PostAsync(server, $$"""{"topic":"a","type":"t","data":"{{new string('x', 1000)}}"}""");

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge, "data");
        await SubscribeTests.AssertServesAsync(server);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publish_BodyOverTheLimit_Is413(bool lengthKnown)
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:BodyBytes"] = "1000" });
        using var content = new StringContent($$"""{"topic":"a","type":"t","data":"{{new string('x', 5000)}}"}""", Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/events") { Content = content };
        request.Headers.TransferEncodingChunked = !lengthKnown;

        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge, "body");
        await SubscribeTests.AssertServesAsync(server);
    }

    [Theory]
    [InlineData("\"a\\nb\\r\\nc\\rd\"", "a\nb\nc\nd")]
    [InlineData("\" leading\"", " leading")]
    [InlineData("\"\"", "")]
    [InlineData("\"ends\\n\"", "ends\n")]
    [InlineData("\"gr\\u00fc\\u00df \\ud83d\\ude00\"", "grüß 😀")]
    [InlineData("null", "null")]
    [InlineData("{ \"a\" : [ 1 , \"x\\ny\" ] }", """{"a":[1,"x\ny"]}""")]
    public async Task Publish_Data_ArrivesAsItsTextOrCompactJson(string json, string expected)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        using var response = await PostAsync(server, $$"""{"topic":"a","type":"t","data":{{json}}}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(expected, (await client.NextAsync()).Data);
    }

    private static async Task<HttpResponseMessage> PostAsync(StreamsServer server, string body)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, TestContext.Current.CancellationToken);
    }
}
