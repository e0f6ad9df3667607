using System.Net;
using System.Text;
using System.Text.Json;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>Media types are read once, strictly (RFC 9110, section 8.3.1), whichever way an event comes.</summary>
public sealed class PublishMediaTypeTests
{
    public static TheoryData<string> NoMediaTypes =>
    [
        "text /html", "text/ html", "text/html;charset =utf-8", "text/html;charset= utf-8", "text/html;a=\"b", "text/html;a", "text/html;=b",
        "text/html;a=1;a=2", "text/html, text/plain", "text", "/html", "text/", "text/html/x", "te\"xt/html", "text/html;a=b c", "text/html a=b",
    ];

    [Theory]
    [MemberData(nameof(NoMediaTypes))]
    public async Task ContentType_ThatDoesNotParse_Is400WhicheverWayItComes(string contentType)
    {
        await using var server = await StreamsServer.StartAsync();

        using var binary = await SendAsync(server, contentType, "x"u8.ToArray(), "events?topic=a&type=t");
        using var headers = await SendAsync(server, contentType, "x"u8.ToArray(), "events", Attributes);
        using var structured = await SendAsync(server, "application/cloudevents+json", CloudEvent(contentType));

        await SubscribeTests.AssertProblemAsync(binary, HttpStatusCode.BadRequest, "Content-Type");
        await SubscribeTests.AssertProblemAsync(headers, HttpStatusCode.BadRequest, "Content-Type");
        await SubscribeTests.AssertProblemAsync(structured, HttpStatusCode.BadRequest, "datacontenttype");
        Assert.Throws<FormatException>(() => new EventDraft { Topic = Topic.Parse("a"), Type = "t", ContentType = contentType });
    }

    [Theory]
    [InlineData(" text/html")]
    [InlineData("text/html ")]
    public async Task DataContentType_WithBlanksAround_Is400(string contentType)
    {
        await using var server = await StreamsServer.StartAsync();

        using var structured = await SendAsync(server, "application/cloudevents+json", CloudEvent(contentType));

        await SubscribeTests.AssertProblemAsync(structured, HttpStatusCode.BadRequest, "datacontenttype");
    }

    [Theory]
    [InlineData("TEXT/HTML")]
    [InlineData("text/html;")]
    [InlineData("text/html;x=1")]
    [InlineData("text/html ; charset=\"utf-8\"")]
    public async Task Html_HoweverItIsWritten_IsRefusedWhicheverWayItComes(string contentType)
    {
        await using var server = await StreamsServer.StartAsync();

        using var binary = await SendAsync(server, contentType, "x"u8.ToArray(), "events?topic=a&type=t");
        using var headers = await SendAsync(server, contentType, "x"u8.ToArray(), "events", Attributes);
        using var structured = await SendAsync(server, "application/cloudevents+json", CloudEvent(contentType));

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (binary.StatusCode, headers.StatusCode, structured.StatusCode));
    }

    [Fact]
    public async Task BinaryMode_AContentTypeOfItsOwnBesideTheBodys_IsRefused()
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await SendAsync(server, "application/json", "1"u8.ToArray(), "events", [.. Attributes, ("ce-datacontenttype", "text/html")]);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "ce-datacontenttype");
    }

    [Fact]
    public async Task Json_WithTopicAndTypeInTheQuery_IsTheData()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        foreach (var json in (string[])["""{ "n" : 1 }""", "[1, 2]", "\"text\"", "3", "null", """{"topic":"other"}"""])
        {
            using var response = await SendAsync(server, "application/json", Encoding.UTF8.GetBytes(json), "events?topic=a&type=made&key=k");
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            Assert.True((await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("\"id\"", StringComparison.Ordinal));
        }

        Assert.Equal(["""{"n":1}""", "[1,2]", "text", "3", "null", """{"topic":"other"}"""], await client.NextDataAsync(6));
    }

    [Theory]
    [InlineData("?topic=a&type=t", """{"topic":"b","type":"u","data":1}""", "topic")]
    [InlineData("?topic=a&type=t", """[{"topic":"b","type":"u"},{"topic":"b","type":"u"}]""", "topic")]
    [InlineData("?topic=a", "1", "type")]
    [InlineData("?type=t", "1", "topic")]
    [InlineData("?topic=a&type=t", "nope", "body")]
    [InlineData("?topic=a&type=t", "", "body")]
    public async Task Json_WithAQueryThatDoesNotGoWithIt_NamesTheField(string query, string body, string field)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await SendAsync(server, "application/json", Encoding.UTF8.GetBytes(body), "events" + query);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
    }

    private static (string Name, string Value)[] Attributes =>
        [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-topic", "a")];

    private static byte[] CloudEvent(string contentType) => JsonSerializer.SerializeToUtf8Bytes(
        new { specversion = "1.0", id = "1", source = "/s", type = "t", topic = "a", datacontenttype = contentType, data = "x" });

    private static Task<HttpResponseMessage> SendAsync(
        StreamsServer server, string contentType, byte[] body, string path = "events", (string Name, string Value)[]? headers = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return server.SendAsync(HttpMethod.Post, path, headers ?? [], content);
    }
}
