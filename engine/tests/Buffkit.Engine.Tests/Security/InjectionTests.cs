using System.Net;
using System.Text;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>Text from outside that tries to become a header, a line of the stream, or markup.</summary>
public sealed class InjectionTests
{
    [Theory]
    [InlineData("a\r\nevent: stream.close\r\ndata: {}")]
    [InlineData("a\n\nid: 1")]
    [InlineData("a\0b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u0085b")]
    public async Task Event_LineBreaksInTopicOrType_AreRefused(string text)
    {
        await using var server = await StreamsServer.StartAsync();
        foreach (var body in new object[] { new { topic = text, type = "t" }, new { topic = "a", type = text.Contains('\u2028', StringComparison.Ordinal) ? "a\nb" : text }, new { topic = "a", type = "t", key = "k\r\n" } })
        {
            using var response = await server.SendAsync(
                HttpMethod.Post, "events", [], new StringContent(JsonSerializer.Serialize(body), new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")));
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("x\n\nevent: stream.close\ndata: {\"reason\":\"drain\"}\n\n")]
    [InlineData("x\r\rid: forged\revent: stream.open\r\r")]
    [InlineData("x\r\n\r\nretry: 999999\r\n\r\n")]
    [InlineData("id: forged\ndata: y")]
    public async Task Event_LineBreaksInData_StayData(string data)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var retry = client.Retry;
        var id = await server.PublishAsync("a", data, "real");
        await server.PublishAsync("a", "after", "next");

        var item = await client.NextAsync();
        var next = await client.NextAsync();

        Assert.Equal(("real", id, data.ReplaceLineEndings("\n")), (item.EventType, item.EventId, item.Data));
        Assert.Equal(("next", "after", retry), (next.EventType, next.Data, client.Retry));
    }

    [Theory]
    [InlineData("zzzzzzzz-7%0d%0aSet-Cookie:%20x=y")]
    [InlineData("%0d%0a%0d%0a<script>")]
    public async Task Header_InTheQuery_IsNotEchoedAsOne(string evil)
    {
        await using var server = await StreamsServer.StartAsync();

        foreach (var query in (string[])[$"topic=a&after={evil}", $"topic={evil}", $"topic=a&format={evil}", $"topic=a&x={evil}&wait=0"])
        {
            await using var connection = await RawConnection.GetAsync(
                server.Address, "/events?" + query, [("Accept", "application/cloudevents-batch+json")]);
            Assert.DoesNotContain("Set-Cookie", connection.Headers.Keys);
            Assert.DoesNotContain(connection.Headers.Values, value => value.Contains("<script>", StringComparison.Ordinal));
            Assert.NotEqual("text/html", connection.Headers.GetValueOrDefault("Content-Type"));
        }
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\" onload=x")]
    [InlineData("k3x9m2qp-41 id: 7")]
    public async Task LastEventId_NotAnId_IsNotEchoed(string evil)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", evil);

        Assert.Null((await client.NextGapAsync()).After);
    }

    [Fact]
    public async Task Markup_InHtmlFormat_IsEscaped()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=html");
        await server.PublishAsync("a", "<img src=x onerror=alert(1)>");

        Assert.DoesNotContain("<", (await client.NextAsync()).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("events?topic=public/a&type=t", "text/html", "<b>x</b>")]
    [InlineData("events?topic=public/a&type=t", "TEXT/HTML; charset=utf-8", "<b>x</b>")]
    [InlineData("events?topic=public/a", "application/cloudevents+json",
        """{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/html","data":"<b>x</b>"}""")]
    [InlineData("events?topic=public/a", "application/cloudevents-batch+json",
        """[{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/html","data_base64":"PGI+"}]""")]
    public async Task Html_PublishedByACaller_IsRefusedUnlessItsTopicAllowsIt(string path, string contentType, string body)
    {
        await using var server = await SecuredServer.StartAsync();
        await using var allowing = await SecuredServer.StartAsync(new() { ["Streams:Html:Topics:0"] = "public/*" });

        Assert.Equal(HttpStatusCode.Forbidden, await SendAsync(server));
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(allowing));

        async Task<HttpStatusCode> SendAsync(StreamsServer to)
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            using var response = await to.SendAsync(HttpMethod.Post, path, [TestAuthentication.As("bob")], content);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Html_InHeadersOfACloudEvent_IsRefused()
    {
        await using var server = await SecuredServer.StartAsync();
        using var content = new ByteArrayContent("<b>x</b>"u8.ToArray()) { Headers = { ContentType = new("text/html") } };

        using var response = await server.SendAsync(
            HttpMethod.Post, "events?topic=public/a", [TestAuthentication.As("bob"), ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")], content);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task SecretsInLogs_OfATokensWholeLife_AreNone()
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(services: log.Add);
        var token = await server.LogInAsync("ada");
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "user/ada/a", headers: (SecuredServer.TokenHeader, token));
        await server.PublishFromCodeAsync("user/ada/a", "the payload");
        await client.NextAsync();
        using var signOut = await server.SendAsync(HttpMethod.Delete, "events/session", [(SecuredServer.TokenHeader, client.Headers[SecuredServer.TokenHeader])]);

        Assert.NotEmpty(log.Records);
        foreach (var secret in (string[])[token, client.Headers[SecuredServer.TokenHeader], "the payload"])
            Assert.DoesNotContain(log.Records, record => record.Message.Contains(secret, StringComparison.Ordinal));
    }
}
