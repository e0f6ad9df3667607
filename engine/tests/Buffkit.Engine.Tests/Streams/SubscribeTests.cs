using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace Buffkit.Tests;

public sealed class SubscribeTests
{
    [Theory]
    [InlineData("?topic=", "topic")]
    [InlineData("", "topic")]
    [InlineData("?topic=a//b", "topic")]
    [InlineData("?topic=/a", "topic")]
    [InlineData("?topic=a/", "topic")]
    [InlineData("?topic=a%0Ab", "topic")]
    [InlineData("?topic=a%00b", "topic")]
    [InlineData("?topic=a%20b", "topic")]
    [InlineData("?topic=a/x*", "topic")]
    [InlineData("?topic=a/**/b", "topic")]
    [InlineData("?topic=a&after=garbage", "after")]
    [InlineData("?topic=a&after=", "after")]
    [InlineData("?topic=a&after=close-Zm9v", "after")]
    public async Task Subscribe_BadInput_NamesTheFieldAndTheServerGoesOn(string query, string field)
    {
        await using var server = await StreamsServer.StartAsync();

        using var response = await server.Http.GetAsync(new Uri("/events" + query, UriKind.Relative), TestContext.Current.CancellationToken);

        await AssertProblemAsync(response, HttpStatusCode.BadRequest, field);
        await AssertServesAsync(server);
    }

    [Fact]
    public async Task Subscribe_TooManyTopics_NamesTheFieldAndTheLimit()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:TopicsPerConnection"] = "3" });

        using var response = await server.Http.GetAsync(
            new Uri("/events?topic=a&topic=b&topic=c&topic=d", UriKind.Relative), TestContext.Current.CancellationToken);

        var errors = await AssertProblemAsync(response, HttpStatusCode.BadRequest, "topic");
        Assert.Contains("at most 3", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscribe_UnacceptableMediaType_Is406()
    {
        await using var server = await StreamsServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/events?topic=a") { Headers = { { "Accept", "application/xml" } } };

        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        await AssertProblemAsync(response, HttpStatusCode.NotAcceptable, "Accept");
    }

    [Fact]
    public async Task Stream_BehindCompressionMiddleware_IsNeitherBufferedNorCompressed()
    {
        await using var server = await StreamsServer.StartAsync(
            new() { ["Streams:Compression:Enabled"] = "false" },
            services: services => services.AddResponseCompression(options => options.EnableForHttps = true),
            app: app => app.UseResponseCompression());

        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", [("Accept-Encoding", "gzip, br")]);

        Assert.Equal("text/event-stream", connection.Headers["Content-Type"]);
        Assert.Equal("no", connection.Headers["X-Accel-Buffering"]);
        Assert.Contains("no-cache", connection.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.False(connection.Headers.ContainsKey("Content-Encoding"));
        var first = new byte[6];
        await connection.Body.ReadExactlyAsync(first, TestContext.Current.CancellationToken);
        Assert.Equal("retry:"u8, first);
    }

    [Fact]
    public async Task Stream_ManyConnects_RetryIsDrawnInItsRange()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Retry:Min"] = "00:00:02", ["Streams:Retry:Max"] = "00:00:09" });
        var drawn = new HashSet<TimeSpan>();
        for (var i = 0; i < 20; i++)
        {
            await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
            Assert.InRange(client.Retry, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(9));
            drawn.Add(client.Retry);
        }

        Assert.True(drawn.Count > 1, "Every client was told the same moment.");
    }

    [Fact]
    public async Task Stop_OpenStream_IsToldWhyAndWhenToComeBack()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        var stopping = server.StopAsync();
        var close = await client.NextAsync();
        await client.AssertEndedAsync();
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal("stream.close", close.EventType);
        var data = JsonSerializer.Deserialize<JsonElement>(close.Data);
        Assert.Equal("drain", data.GetProperty("reason").GetString());
        Assert.InRange(data.GetProperty("retryMs").GetInt32(), 1_000, 11_000);
        Assert.Equal(data.GetProperty("retryMs").GetInt32(), (int)client.Retry.TotalMilliseconds);
    }

    [Theory]
    [InlineData("Streams:Tail:Capacity", "3")]
    [InlineData("Streams:Heartbeat", "00:00:00")]
    [InlineData("Streams:Retry:Max", "00:00:00.5")]
    [InlineData("Streams:Delivery:WriteTimeout", "00:00:00")]
    public async Task Start_OptionOutOfRange_FailsAndNamesIt(string key, string value)
    {
        var failure = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => StreamsServer.StartAsync(new() { [key] = value }));

        Assert.Contains(key.Split(':')[^1], failure.Message, StringComparison.Ordinal);
    }

    internal static async Task<string> AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string field)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return problem.GetProperty("errors").GetProperty(field)[0].GetString()!;
    }

    internal static async Task AssertServesAsync(StreamsServer server)
    {
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "still/here");
        await server.PublishAsync("still/here", "yes");
        Assert.Equal("yes", (await client.NextAsync()).Data);
    }
}
