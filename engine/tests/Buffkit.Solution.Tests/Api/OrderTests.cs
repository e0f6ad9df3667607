using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Api;

namespace Buffkit.Tests;

/// <summary>The sample as a process of its own, the way a user runs it.</summary>
public sealed class OrderTests : IAsyncLifetime
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("orders-");
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync(_root.FullName);

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task Order_Posted_ArrivesOnTheStreamAndInTheList()
    {
        await using var client = await EventStreamClient.ConnectAsync(_api.Address, "orders/**");

        using var created = await PostAsync(new { customer = "Ada", item = "Espresso", quantity = 2 });
        var order = await created.Content.ReadFromJsonAsync<Order>(TestContext.Current.CancellationToken);
        var item = await client.NextAsync();

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("order.created", item.EventType);
        Assert.Equal(order, JsonSerializer.Deserialize<Order>(item.Data, JsonSerializerOptions.Web));
        Assert.Equal(order, Assert.Single((await _api.Http.GetFromJsonAsync<Order[]>("orders", TestContext.Current.CancellationToken))!));
        Assert.Equal(order, await _api.Http.GetFromJsonAsync<Order>(created.Headers.Location, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Order_NotReadableFromAClientThatAcceptsSomethingElse_IsProblemJsonThatSaysWhy()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "orders") { Headers = { { "Accept", "text/event-stream" } } };
        request.Content = new StringContent("{", System.Text.Encoding.UTF8, "application/json");

        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Contains("JSON", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, problem.GetProperty("status").GetInt32());
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("orders/1")]
    [InlineData("orders/4711")]
    public async Task Orders_Asked_AreKeptByNoCache(string path)
    {
        using var created = await PostAsync(new { customer = "Ada", item = "Espresso" });
        using var asked = await _api.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        using var page = await _api.Http.GetAsync(new Uri("app.js", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.All((HttpResponseMessage[])[created, asked], answer => Assert.Equal("no-store", answer.Headers.CacheControl?.ToString()));
        // A file is the same for all.
        Assert.Null(page.Headers.CacheControl);
    }

    [Fact]
    public async Task Api_KilledHard_AnOldCursorGoesOnWithExactlyWhatItMissed()
    {
        await using var before = await EventStreamClient.ConnectAsync(_api.Address, "orders/**");
        using var first = await PostAsync(new { customer = "Ada", item = "Espresso" });
        var cursor = (await before.NextAsync()).EventId!;
        using var second = await PostAsync(new { customer = "Ada", item = "Cornetto" });
        Assert.Contains("Cornetto", (await before.NextAsync()).Data, StringComparison.Ordinal);

        await _api.KillAsync();
        await _api.DisposeAsync();
        _api = await ApiProcess.StartAsync(_root.FullName);
        using var third = await PostAsync(new { customer = "Ada", item = "Water" });
        await using var after = await EventStreamClient.ConnectAsync(_api.Address, "orders/**", lastEventId: cursor);

        Assert.True(after.Open.GetProperty("recovered").GetBoolean());
        Assert.Contains("Cornetto", (await after.NextAsync()).Data, StringComparison.Ordinal);
        Assert.Contains("Water", (await after.NextAsync()).Data, StringComparison.Ordinal);
        var orders = await _api.Http.GetFromJsonAsync<Order[]>("orders", TestContext.Current.CancellationToken);
        Assert.Equal(["Water", "Cornetto", "Espresso"], orders!.Select(order => order.Item));
    }

    [Theory]
    [InlineData("""{"customer":"Ada"}""", "Item")]
    [InlineData("""{"customer":"","item":"x"}""", "Customer")]
    [InlineData("""{"customer":"Ada","item":"x","quantity":0}""", "Quantity")]
    public async Task Order_Invalid_NamesTheField(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _api.Http.PostAsync(new Uri("/orders", UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Theory]
    [InlineData("POST", "/orders", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders/7", HttpStatusCode.NotFound)]
    [InlineData("GET", "/orders?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/orders?limit=x", HttpStatusCode.BadRequest)]
    [InlineData("DELETE", "/orders", HttpStatusCode.MethodNotAllowed)]
    public async Task Error_OfAnyKind_IsProblemJson(string method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
            request.Content = new StringContent("{nope", System.Text.Encoding.UTF8, "application/json");

        using var response = await _api.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/app.js", "text/javascript")]
    public async Task Page_Asked_IsServed(string path, string mediaType)
    {
        using var response = await _api.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(mediaType, response.Content.Headers.ContentType?.MediaType);
    }

    private Task<HttpResponseMessage> PostAsync(object order) =>
        _api.Http.PostAsJsonAsync("orders", order, TestContext.Current.CancellationToken);
}
