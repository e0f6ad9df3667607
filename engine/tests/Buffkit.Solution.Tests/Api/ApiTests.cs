using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Buffkit.Tests;

/// <summary>The API as a process of its own, whatever features it has.</summary>
public sealed class ApiTests : IAsyncLifetime
{
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Event_PublishedWhileAway_ArrivesAfterTheReconnect()
    {
        await using var before = await EventStreamClient.ConnectAsync(_api.Address, "news/**");
        await PublishAsync("seen");
        var cursor = (await before.NextAsync()).EventId;
        before.Cut();

        await PublishAsync("missed");
        await using var after = await EventStreamClient.ConnectAsync(_api.Address, "news/**", lastEventId: cursor);

        Assert.True(after.Open.GetProperty("recovered").GetBoolean());
        Assert.Equal("missed", (await after.NextAsync()).Data);
    }

    [Theory]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/health", "application/json")]
    [InlineData("/alive", "application/json")]
    [InlineData("/metrics", "text/plain")]
    public async Task Document_Asked_IsServed(string path, string mediaType)
    {
        await _api.UntilHealthyAsync();

        using var response = await _api.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(mediaType, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Path_Unknown_IsProblemJson()
    {
        using var response = await _api.Http.GetAsync(new Uri("/nothing/here", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("PUT", "/events", HttpStatusCode.MethodNotAllowed, false)]
    [InlineData("GET", "/nothing/here", HttpStatusCode.NotFound, false)]
    [InlineData("GET", "/events?topic=", HttpStatusCode.BadRequest, true)]
    public async Task Error_ToAClientThatAcceptsSomethingElse_IsProblemJson(string method, string path, HttpStatusCode status, bool namesFields)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { { "Accept", "text/event-stream" } } };

        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(((int)status, namesFields), (problem.GetProperty("status").GetInt32(), problem.TryGetProperty("errors", out _)));
    }

    // What a container without a shell asks itself.
    [Theory]
    [InlineData("health", 0)]
    [InlineData("nothing/here", 1)]
    public async Task Probe_OfARunningServer_EndsWithWhatItAnswers(string path, int exitCode)
    {
        await _api.UntilHealthyAsync();

        using var probe = Process.Start(new ProcessStartInfo("dotnet", [ApiProcess.Program, "--probe", $"{_api.Address}{path}"]))!;

        await probe.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(exitCode, probe.ExitCode);
    }

    private async Task PublishAsync(string data)
    {
        using var response = await _api.Http.PostAsJsonAsync(
            "events", new { topic = "news/today", type = "news", data }, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
