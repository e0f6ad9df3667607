using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Api;

namespace Buffkit.Tests;

/// <summary>The sample: an order is stored, and whoever watches hears of it.</summary>
public sealed class OrderTests : IDisposable
{
    private readonly RunningApi _api = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task Order_Posted_IsStoredAndArrives()
    {
        await using var events = _api.EventsAsync("orders/**", cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        await events.MoveNextAsync();

        using var created = await _api.Http.PostAsJsonAsync("orders", new { customer = "Ada", item = "Espresso", quantity = 2 }, Cancellation);
        var order = await created.Content.ReadFromJsonAsync<Order>(Cancellation);
        while (await events.MoveNextAsync() && events.Current.EventType != "order.created")
        {
        }

        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(order, JsonSerializer.Deserialize<Order>(events.Current.Data, JsonSerializerOptions.Web));
        Assert.Equal(order, Assert.Single((await _api.Http.GetFromJsonAsync<Order[]>("orders", Cancellation))!));
    }

    [Theory]
    [InlineData("""{"customer":"Ada"}""", "Item")]
    [InlineData("""{"customer":"","item":"x"}""", "Customer")]
    [InlineData("""{"customer":"Ada","item":"x","quantity":0}""", "Quantity")]
    public async Task Order_Invalid_NamesTheField(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _api.Http.PostAsync(new Uri("/orders", UriKind.Relative), content, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task Order_SentAgainWithItsKey_IsPlacedOnce()
    {
        var first = await PostAsync("a-1", "Espresso");
        var again = await Task.WhenAll(PostAsync("a-1", "Espresso"), PostAsync("b-2", "Cornetto"), PostAsync("b-2", "Cornetto"));
        var other = await PostAsync("a-1", "Ristretto");

        Assert.Equal(first, again[0]);
        Assert.Equal(again[1], again[2]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.Status);
        Assert.Equal(2, (await _api.Http.GetFromJsonAsync<Order[]>("orders", Cancellation))!.Length);
    }

    private async Task<(HttpStatusCode Status, long? Id)> PostAsync(string key, string item)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "orders") { Content = JsonContent.Create(new { customer = "Ada", item }) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await _api.Http.SendAsync(request, Cancellation);
        return (response.StatusCode, response.IsSuccessStatusCode ? (await response.Content.ReadFromJsonAsync<Order>(Cancellation))!.Id : null);
    }
}
