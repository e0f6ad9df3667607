using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;

namespace Buffkit.Tests;

/// <summary>What the CloudEvents SDK encodes is taken, in each of the three modes.</summary>
public sealed class CloudEventsPublishTests
{
    private static readonly JsonEventFormatter Formatter = new();

    [Fact]
    public async Task Structured_FromTheSdk_ArrivesWithItsAttributes()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a/b", more: "&format=cloudevents");

        var sent = NewEvent("a/b");
        sent.SetAttributeFromString("traceparent", "00-1");
        var bytes = Formatter.EncodeStructuredModeMessage(sent, out var contentType);
        var status = await PostAsync(server, bytes.ToArray(), contentType.ToString());
        var read = FormatTests.Decode((await client.NextAsync()).Data);

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal((sent.Source, sent.Type, sent.Subject, sent.Time), (read.Source, read.Type, read.Subject, read.Time));
        Assert.Equal((sent.Id, "00-1"), ((string?)read["originid"], (string?)read["traceparent"]));
        Assert.Equal("""{"n":1}""", read.Data!.ToString());
    }

    [Fact]
    public async Task Batch_FromTheSdk_IsTakenInOrder()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**");

        var bytes = Formatter.EncodeBatchModeMessage([NewEvent("a"), NewEvent("b", "second")], out var contentType);
        var status = await PostAsync(server, bytes.ToArray(), contentType.ToString());

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("first", (await client.NextAsync()).EventType);
        Assert.Equal("second", (await client.NextAsync()).EventType);
    }

    [Fact]
    public async Task BinaryMode_Headers_AreAttributesAndTheBodyIsData()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");

        var status = await PostAsync(server, [1, 2, 3], "application/x-thing", new()
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = "7",
            ["ce-source"] = "/s",
            ["ce-type"] = "t",
            ["ce-topic"] = "a",
            ["ce-note"] = "gr%C3%BC%C3%9F",
        });
        var read = FormatTests.Decode((await client.NextAsync()).Data);

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(("7", "grüß", "application/x-thing"), ((string?)read["originid"], (string?)read["note"], read.DataContentType));
        Assert.Equal(new byte[] { 1, 2, 3 }, read.Data);
    }

    [Fact]
    public async Task Structured_DataBase64AndQueryTopic_ArriveAsBinary()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "q");

        var status = await PostAsync(
            server,
            """{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"image/gif","data_base64":"AQID"}"""u8.ToArray(),
            "application/cloudevents+json",
            path: "/events?topic=q");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("data:image/gif;base64,AQID", (await client.NextAsync()).Data);
    }

    [Theory]
    [InlineData("""{"id":"1","source":"/s","type":"t","subject":"a"}""", "specversion")]
    [InlineData("""{"specversion":"0.3","id":"1","source":"/s","type":"t","subject":"a"}""", "specversion")]
    [InlineData("""{"specversion":"1.0","source":"/s","type":"t","subject":"a"}""", "id")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","subject":"a"}""", "source")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","subject":"a"}""", "type")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t"}""", "topic")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","time":"soon"}""", "time")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","Bad-Name":"x"}""", "Bad-Name")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","data":1,"data_base64":"AQ=="}""", "data")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","data_base64":"%"}""", "data_base64")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s\r\nx","type":"t","subject":"a"}""", "source")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","datacontenttype":"no type","data":"x"}""", "datacontenttype")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":""}""", "subject")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"a","time":"3/4"}""", "time")]
    [InlineData("[]", "body")]
    public async Task Structured_BadInput_NamesTheField(string body, string field)
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/cloudevents+json");

        using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
    }

    [Fact]
    public async Task BinaryMode_AttributeNamedData_IsRefused()
    {
        await using var server = await StreamsServer.StartAsync();

        var status = await PostAsync(server, [1], "image/png", new()
        {
            ["ce-specversion"] = "1.0",
            ["ce-id"] = "7",
            ["ce-source"] = "/s",
            ["ce-type"] = "t",
            ["ce-topic"] = "a",
            ["ce-data"] = "forged",
        });

        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Theory]
    [InlineData("ce-note", "%FF", "ce-note")]
    [InlineData("ce-note", "100%", "ce-note")]
    [InlineData("ce-id", "8", "ce-id")]
    public async Task BinaryMode_HeaderThatCannotBeTakenAsMeant_IsNamed(string name, string value, string field)
    {
        await using var server = await StreamsServer.StartAsync();

        await using var connection = await RawConnection.PostAsync(
            server.Address,
            "/events",
            [
                ("Connection", "close"), ("Content-Type", "image/png"), ("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/s"),
                ("ce-type", "t"), ("ce-topic", "a"), (name, value),
            ],
            [1]);
        var problem = await JsonSerializer.DeserializeAsync<JsonElement>(connection.Body, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((400, true), (connection.Status, problem.GetProperty("errors").TryGetProperty(field, out _)));
    }

    [Theory]
    [InlineData("/events?type=t", "topic")]
    [InlineData("/events?topic=a", "type")]
    public async Task Binary_WithoutItsQuery_NamesTheField(string path, string field)
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent([1]) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };

        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
    }

    [Theory]
    [InlineData("2026-11-26T08:00:00.123456789Z", "2026-11-26T08:00:00.123456789Z")]
    [InlineData("2026-11-26T08:00:00.12345678+01:30", "2026-11-26T08:00:00.12345678+01:30")]
    [InlineData("2026-11-26t08:00:00z", "2026-11-26T08:00:00Z")]
    [InlineData("2016-12-31T23:59:60Z", "2016-12-31T23:59:60Z")]
    [InlineData("2017-01-01T00:59:60.5+01:00", "2017-01-01T00:59:60.5+01:00")]
    [InlineData("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00-00:00")]
    [InlineData("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z")]
    public async Task Time_AsRfc3339HasIt_IsKept(string sent, string expected)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");

        var status = await PostAsync(server, Structured($"\"time\":\"{sent}\""), "application/cloudevents+json");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(expected, JsonDocument.Parse((await client.NextAsync()).Data).RootElement.GetProperty("time").GetString());
    }

    [Theory]
    [InlineData("2026-11-26T08:00:00")]
    [InlineData("2026-11-26 08:00:00Z")]
    [InlineData("2026-02-29T08:00:00Z")]
    [InlineData("2026-11-26T24:00:00Z")]
    [InlineData("2026-11-26T08:00:60Z")]
    [InlineData("2026-11-26T08:00:00.Z")]
    [InlineData("2026-11-26T08:00:00+1:00")]
    [InlineData("2026-11-26T08:00:00+24:00")]
    [InlineData("2026-11-26T08:00Z")]
    [InlineData("2026-13-01T08:00:00Z")]
    [InlineData("2026-11-26T08:00:00Zulu")]
    [InlineData("")]
    public async Task Time_NotOfRfc3339_IsNamed(string sent)
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent(Structured($"\"time\":\"{sent}\"")) { Headers = { ContentType = new("application/cloudevents+json") } };

        using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "time");
    }

    [Fact]
    public async Task Extensions_OfEachJsonType_ComeBackAsTheyCame()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", more: "&format=cloudevents");

        var status = await PostAsync(
            server, Structured("\"n\":5,\"low\":-2147483648,\"yes\":true,\"no\":false,\"s\":\"5\",\"gone\":null"), "application/cloudevents+json");
        var read = JsonDocument.Parse((await client.NextAsync()).Data).RootElement;

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(
            ("5", "-2147483648", "true", "false", "\"5\"", false),
            (Raw("n"), Raw("low"), Raw("yes"), Raw("no"), Raw("s"), read.TryGetProperty("gone", out _)));

        string Raw(string name) => read.GetProperty(name).GetRawText();
    }

    [Theory]
    [InlineData("\"n\":5.5", "n")]
    [InlineData("\"n\":2147483648", "n")]
    [InlineData("\"n\":[1]", "n")]
    [InlineData("\"subject\":5", "subject")]
    [InlineData("\"dataschema\":true", "dataschema")]
    public async Task Attribute_OfATypeThatItCannotHave_IsNamed(string member, string field)
    {
        await using var server = await StreamsServer.StartAsync();
        using var content = new ByteArrayContent(Structured(member)) { Headers = { ContentType = new("application/cloudevents+json") } };

        using var response = await server.Http.PostAsync(new Uri("/events", UriKind.Relative), content, TestContext.Current.CancellationToken);

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
    }

    private static byte[] Structured(string member) =>
        Encoding.UTF8.GetBytes($$"""{"specversion":"1.0","id":"1","source":"/s","type":"t","topic":"a","data":1,{{member}}}""");

    private static CloudEvent NewEvent(string topic, string type = "first") => new()
    {
        Id = Guid.NewGuid().ToString(),
        Source = new Uri("https://shop.example/orders"),
        Type = type,
        Subject = topic,
        Time = new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero),
        DataContentType = "application/json",
        Data = new { n = 1 },
    };

    private static async Task<HttpStatusCode> PostAsync(
        StreamsServer server, byte[] body, string contentType, Dictionary<string, string>? headers = null, string path = "/events")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers ?? [])
            request.Headers.Add(name, value);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
