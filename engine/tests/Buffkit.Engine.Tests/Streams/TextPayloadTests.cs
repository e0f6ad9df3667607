using System.Net;
using System.Text;
using System.Text.Json;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>Text travels as text, whatever its media type, and as it came.</summary>
public sealed class TextPayloadTests
{
    private const string CloudEventsJson = "application/cloudevents+json";

    [Theory]
    [InlineData("text/plain", "a <b>\nc")]
    [InlineData("text/plain; charset=UTF-8", "grüß 😀")]
    [InlineData("text/csv", "a,b")]
    [InlineData("application/xml", "<a>&amp;</a>")]
    [InlineData("application/atom+xml", "<feed/>")]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=2")]
    [InlineData("text/plain", "")]
    public async Task Text_InEachFormat_IsText(string contentType, string text)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var cloudEvents = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");
        await using var html = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, contentType, Encoding.UTF8.GetBytes(text)));

        Assert.Equal(text, (await raw.NextAsync()).Data);
        var read = JsonDocument.Parse((await cloudEvents.NextAsync()).Data).RootElement;
        Assert.Equal((contentType, text), (read.GetProperty("datacontenttype").GetString(), read.GetProperty("data").GetString()));
        Assert.False(read.TryGetProperty("data_base64", out _));
        var shown = (await html.NextAsync()).Data;
        Assert.DoesNotContain('<', shown);
        Assert.Equal(text, WebUtility.HtmlDecode(shown));
    }

    [Theory]
    [InlineData("text/plain", new byte[] { 0x67, 0x72, 0xFC })]
    [InlineData("text/plain; charset=iso-8859-1", new byte[] { 0x41, 0x42 })]
    [InlineData("text/plain; charset=utf-16", new byte[] { 0x41, 0x00 })]
    [InlineData("application/octet-stream", new byte[] { 0x41, 0x42 })]
    public async Task NotUtf8Text_InEachFormat_IsBase64(string contentType, byte[] bytes)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var cloudEvents = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");
        await using var html = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");

        await PostAsync(server, contentType, bytes);

        var base64 = Convert.ToBase64String(bytes);
        Assert.EndsWith(";base64," + base64, (await raw.NextAsync()).Data, StringComparison.Ordinal);
        Assert.EndsWith(";base64," + base64, (await html.NextAsync()).Data, StringComparison.Ordinal);
        var read = JsonDocument.Parse((await cloudEvents.NextAsync()).Data).RootElement;
        Assert.Equal(base64, read.GetProperty("data_base64").GetString());
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/xml")]
    [InlineData("application/vnd.acme.note")]
    public async Task CloudEvent_WithDataThatIsAString_ComesBackAsOne(string contentType)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var cloudEvents = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, CloudEventsJson, Encoding.UTF8.GetBytes(
            $$"""{"specversion":"1.0","id":"1","source":"/s","type":"t","topic":"a","datacontenttype":"{{contentType}}","data":"<a>\"1\"</a>"}"""), "/events"));

        Assert.Equal("<a>\"1\"</a>", (await raw.NextAsync()).Data);
        Assert.Equal("<a>\"1\"</a>", JsonDocument.Parse((await cloudEvents.NextAsync()).Data).RootElement.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Emoji_AsManyAsFit_AreCountedAndSentAsUtf8()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var cloudEvents = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");
        var text = string.Concat(Enumerable.Repeat("😀", 15_000));
        var json = $$"""{"topic":"a","type":"t","data":["{{text}}"]}""";

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "application/json", Encoding.UTF8.GetBytes(json), "/events"));
        await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse("a"), "t", new[] { text }, key: "k😀"), TestContext.Current.CancellationToken);

        var expected = $"[\"{text}\"]";
        Assert.Equal([expected, expected], await raw.NextDataAsync(2));
        Assert.All(await cloudEvents.NextDataAsync(2), data =>
        {
            Assert.Contains(expected, data, StringComparison.Ordinal);
            Assert.DoesNotContain("\\u", data, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task Json_WithEverythingThatMayStandUnescaped_GoesOutAsItCame()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");
        const string Data = "{\"\u0085\u2028\uE000\u200B\u007F\":\"<>&'+/\uFFFD\U0010FFFF\"}";

        await PostAsync(server, "application/json", Encoding.UTF8.GetBytes($$"""{"topic":"a","type":"t","data":{{Data}}}"""), "/events");

        Assert.Equal(Data, (await raw.NextAsync()).Data);
    }

    [Fact]
    public async Task Json_OfCodeWithHalfASurrogatePair_IsReplacedAsTheSerializerDoes()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var raw = await EventStreamClient.ConnectAsync(server.Address, "a");

        await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse("a"), "t", "a\uD83Db😀\uDE00\0\u001F\"\\"), TestContext.Current.CancellationToken);

        Assert.Equal("a\uFFFDb😀\uFFFD\0\u001F\"\\", (await raw.NextAsync()).Data);
    }

    [Fact]
    public async Task Html_C1ControlCharacters_AreNotTurnedIntoOtherCharacters()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var html = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");

        await server.PublishAsync("a", "a\u0085b\u009Fc");

        Assert.Equal("a\u0085b\u009Fc", (await html.NextAsync()).Data);
    }

    private static async Task<HttpStatusCode> PostAsync(StreamsServer server, string contentType, byte[] body, string path = "/events?topic=a&type=t")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
