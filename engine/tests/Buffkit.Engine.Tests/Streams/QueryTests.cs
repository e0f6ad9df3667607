using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>What a query says is taken as it was meant, or refused by name.</summary>
public sealed class QueryTests
{
    [Theory]
    [InlineData("?topic=%FF%FE", "topic")]
    [InlineData("?topic=a%C3%28", "topic")]
    [InlineData("?topic=a&after=%FF", "after")]
    [InlineData("?topic=a%", "topic")]
    [InlineData("?topic=a%zz", "topic")]
    [InlineData("?topic=a&tpic=b", "tpic")]
    [InlineData("?topic=a&since=yesterday", "since")]
    [InlineData("?topic=a&heartbeat=often", "heartbeat")]
    [InlineData("/presence?topic=%FF", "topic")]
    [InlineData("/presence?topic=a&x=1", "x")]
    [InlineData("/keys?topic=%FF", "topic")]
    [InlineData("/keys?topic=a&x=1", "x")]
    public async Task Subscribe_MemberThatCannotBeTakenAsMeant_IsNamed(string path, string field)
    {
        await using var server = await StreamsServer.StartAsync();

        // As it is: HttpClient would mend what stands in the URL.
        await using var connection = await RawConnection.GetAsync(server.Address, "/events" + path, [("Connection", "close")]);
        Assert.Equal((400, "application/problem+json"), (connection.Status, connection.Headers["Content-Type"]));
        var problem = await JsonSerializer.DeserializeAsync<JsonElement>(connection.Body, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([field], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    // By the web server, before any code of ours: the protocol page says so.
    [Fact]
    public async Task Topic_NotPercentEncoded_IsRefused()
    {
        await using var server = await StreamsServer.StartAsync();

        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=café");

        Assert.Equal(400, connection.Status);
    }

    [Fact]
    public async Task WebSocket_UnknownMember_IsRefused()
    {
        await using var server = await StreamsServer.StartAsync();

        await using var connection = await RawConnection.GetAsync(server.Address, "/events/ws?topic=a&tpic=b", [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]);

        Assert.Equal(400, connection.Status);
    }

    [Theory]
    [InlineData("?topic=%FF%FE&type=t", "image/png", "topic")]
    [InlineData("?topic=a&type=%FF", "image/png", "type")]
    [InlineData("?topic=a&type=t&keys=1", "image/png", "keys")]
    [InlineData("?tpic=a", "application/json", "tpic")]
    [InlineData("?type=t", "application/cloudevents+json", "type")]
    public async Task Publish_MemberThatCannotBeTakenAsMeant_IsNamed(string query, string contentType, string field)
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(
            """{"specversion":"1.0","id":"1","source":"/s","type":"t","topic":"a"}""")) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } };

        using var response = await server.Http.PostAsync(new Uri("/events" + query, UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
    }

    [Fact]
    public async Task Topic_PercentEncodedUtf8_IsItsText()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "café/+");

        await server.PublishAsync("café/+", 1);

        Assert.Equal("1", (await client.NextAsync()).Data);
    }
}
