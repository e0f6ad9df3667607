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
}
