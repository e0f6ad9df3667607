using System.Net;
using System.Net.Http.Json;

namespace Buffkit.Tests;

/// <summary>The API, whatever features it has.</summary>
public sealed class ApiTests : IDisposable
{
    private readonly RunningApi _api = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task Event_PublishedWhileAway_ArrivesAfterTheReconnect()
    {
        await using var before = _api.EventsAsync("news/**", cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        await before.MoveNextAsync();
        var cursor = before.Current.EventId;
        await before.DisposeAsync();
        using var published = await _api.Http.PostAsJsonAsync("events", new { topic = "news/today", type = "news", data = "missed" }, Cancellation);

        var missed = await _api.EventsAsync("news/**", cursor, Cancellation).FirstAsync(item => item.EventType == "news", Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, published.StatusCode);
        Assert.Equal("missed", missed.Data);
    }

    [Theory]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/alive", "application/json")]
    [InlineData("/metrics", "text/plain")]
    public async Task Document_Asked_IsServed(string path, string mediaType)
    {
        using var response = await _api.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.OK, mediaType), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task Path_Unknown_IsProblemJson()
    {
        using var response = await _api.Http.GetAsync(new Uri("/nothing/here", UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }
}
