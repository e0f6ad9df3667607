using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Buffkit.Tests;

/// <summary>A page of the API's own origin that the test writes, with files of <c>clients</c> beside it.</summary>
public static class BrowserPage
{
    private static readonly string Icon = """<link rel="icon" href="data:,">""";

    /// <summary>Opens a page that is not on the server; what it asks for under <c>/events</c> goes there.</summary>
    /// <param name="page">The browser's.</param>
    /// <param name="origin">The API, or what stands in front of it.</param>
    /// <param name="html">The page.</param>
    /// <param name="files">Names under <c>/page/</c>, and where they are.</param>
    public static async Task OpenAsync(IPage page, Uri origin, string html, Dictionary<string, string>? files = null)
    {
        await page.RouteAsync("**/page/*", route => route.FulfillAsync(
            route.Request.Url.EndsWith("/page/", StringComparison.Ordinal)
                ? new() { ContentType = "text/html; charset=utf-8", Body = Icon + html }
                : new() { ContentType = "text/javascript; charset=utf-8", Body = File.ReadAllText(files![Path.GetFileName(route.Request.Url)]) }));
        await page.GotoAsync($"{origin}page/");
    }

    /// <summary>Publishes events, an array or one.</summary>
    public static async Task PublishAsync(ApiProcess api, object events)
    {
        using var response = await api.Http.PostAsJsonAsync("events", events, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Publishes numbers, one event each.</summary>
    public static Task PublishNumbersAsync(ApiProcess api, string topic, int from, int count) =>
        PublishAsync(api, Enumerable.Range(from, count).Select(number => new { topic, type = "number", data = number }));

    /// <summary>Publishes a body as it is.</summary>
    /// <returns>The event's id.</returns>
    public static async Task<string> PublishBodyAsync(ApiProcess api, string topic, string type, string contentType, byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(contentType) } };
        using var response = await api.Http.PostAsync(
            new Uri($"events?topic={Uri.EscapeDataString(topic)}&type={Uri.EscapeDataString(type)}", UriKind.Relative), content, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, answer.ToString());
        return answer.GetProperty("id").GetString()!;
    }
}
