using System.IO.Compression;
using System.Net;
using System.Text;

namespace Buffkit.Tests;

public sealed class PublishContentCodingTests
{
    private static readonly byte[] Event = """{"topic":"a","type":"t","data":"hello"}"""u8.ToArray();

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("x-gzip")]
    public async Task Publish_Gzip_IsDecoded(string coding)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        using var json = await PostAsync(server, coding, Gzip(Event), "application/json", "events");
        using var text = await PostAsync(server, coding, Gzip("plain"u8), "text/plain", "events?topic=a&type=t");
        using var identity = await PostAsync(server, "identity", "same"u8.ToArray(), "text/plain", "events?topic=a&type=t");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted, HttpStatusCode.Accepted), (json.StatusCode, text.StatusCode, identity.StatusCode));
        Assert.Equal(["hello", "plain", "same"], await client.NextDataAsync(3));
    }

    [Theory]
    [InlineData(50_000_000, "100000")]
    [InlineData(5_000, "150")]
    public async Task Publish_GzipThatExpandsBeyondTheLimit_Is413(int size, string limit)
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:BodyBytes"] = limit });
        var bomb = Gzip(new byte[size]);
        Assert.InRange(bomb.Length, 1, int.Parse(limit, System.Globalization.CultureInfo.InvariantCulture));

        using var response = await PostAsync(server, "gzip", bomb, "image/png", "events?topic=a&type=t");

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.RequestEntityTooLarge, "body");
        await SubscribeTests.AssertServesAsync(server);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    [InlineData("nonsense")]
    public async Task Publish_OtherCoding_Is415AndSaysWhatIsTaken(string coding)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await PostAsync(server, coding, Event, "application/json", "events");

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.UnsupportedMediaType, "Content-Encoding");
        Assert.Equal("gzip", Assert.Single(response.Headers.GetValues("Accept-Encoding")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_NotGzipOrNotWhole_Is400AndNothingIsPublished(bool cut)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var body = cut ? Gzip(Encoding.UTF8.GetBytes(new string('x', 5_000)))[..^12] : Event;

        using var response = await PostAsync(server, "gzip", body, "text/plain", "events?topic=a&type=t");
        await server.PublishAsync("a", "after");

        await SubscribeTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, "body");
        Assert.Equal("after", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Publish_GzipRepeatedWithItsKey_IsTheSameRequestHoweverItWasCompressed()
    {
        await using var server = await StreamsServer.StartAsync();

        using var first = await PostAsync(server, "gzip", Gzip(Event), "application/json", "events", ("Idempotency-Key", "k"));
        using var second = await PostAsync(server, "gzip", Gzip(Event, CompressionLevel.NoCompression), "application/json", "events", ("Idempotency-Key", "k"));

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (first.StatusCode, second.StatusCode));
        Assert.True(second.Headers.Contains("Idempotency-Replayed"));
    }

    private static byte[] Gzip(ReadOnlySpan<byte> plain, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, level))
            gzip.Write(plain);
        return output.ToArray();
    }

    private static Task<HttpResponseMessage> PostAsync(
        StreamsServer server, string coding, byte[] body, string contentType, string path, params (string Name, string Value)[] headers)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return server.SendAsync(HttpMethod.Post, path, headers, content);
    }
}
