using System.Net.Http.Json;
using Microsoft.Playwright;

namespace Buffkit.Tests;

/// <summary>The live page in a real browser, whose EventSource asks for gzip and resumes by itself.</summary>
public sealed class PageTests(Chromium chromium) : IAsyncLifetime
{
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Page_OrderPosted_ShowsItLive()
    {
        var page = await OpenAsync();

        await page.Locator("[name=item]").FillAsync("Cornetto <b>");
        await page.Locator("button[type=submit]").ClickAsync();

        await Assertions.Expect(page.Locator("#orders tr.live")).ToContainTextAsync("Cornetto <b>");
    }

    [Fact]
    public async Task Page_ConnectionCut_RecoversWhatItMissed()
    {
        var page = await OpenAsync();
        await PostAsync("before");
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(1);

        await page.Locator("#cut").ClickAsync();
        await PostAsync("while away");

        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("recovered", new() { Timeout = 15_000 });
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#replayed")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task Page_ServerKilledAndStartedAgain_GoesOnWithExactlyWhatItMissed()
    {
        var root = Directory.CreateTempSubdirectory("page-");
        await using var first = await ApiProcess.StartAsync(root.FullName);
        var page = await chromium.NewPageAsync();
        await page.GotoAsync(first.Address.ToString());
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("open");
        await PostAsync(first, "before");
        await Assertions.Expect(page.Locator("#orders tr.live")).ToHaveCountAsync(1);

        await first.KillAsync();
        await using (var second = await ApiProcess.StartAsync(root.FullName, port: first.Address.Port))
        {
            await PostAsync(second, "after");

            await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("recovered", new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("#orders tr.live")).ToHaveCountAsync(2);
            await Assertions.Expect(page.Locator("#orders")).ToContainTextAsync("after");
        }

        root.Delete(recursive: true);
    }

    [Fact]
    public async Task EventSource_LargeEvents_AreReadCompressedAsTheyCome()
    {
        var page = await OpenAsync();
        await page.EvaluateAsync(
            """
            () => {
              window.got = [];
              const source = new EventSource('/events?topic=big');
              source.addEventListener('stream.open', () => { window.ready = true; });
              source.addEventListener('t', event => window.got.push(event.data));
            }
            """);
        await page.WaitForFunctionAsync("() => window.ready");

        for (var i = 1; i <= 3; i++)
        {
            var data = new string((char)('a' + i), 10_000);
            using var response = await _api.Http.PostAsJsonAsync(
                "events", new { topic = "big", type = "t", data }, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            await page.WaitForFunctionAsync("([n, c]) => window.got.length === n && window.got[n - 1] === c.repeat(10000)", new object[] { i, data[..1] });
        }

        var encoding = await page.EvaluateAsync<string>(
            """
            async () => {
              const controller = new AbortController();
              const response = await fetch('/events?topic=big', { signal: controller.signal });
              controller.abort();
              return response.headers.get('content-encoding') ?? 'none';
            }
            """);
        Assert.Equal("gzip", encoding);
    }

    private async Task<IPage> OpenAsync()
    {
        var page = await chromium.NewPageAsync();
        await page.GotoAsync(_api.Address.ToString());
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("open");
        return page;
    }

    private Task PostAsync(string item) => PostAsync(_api, item);

    private static async Task PostAsync(ApiProcess api, string item)
    {
        using var response = await api.Http.PostAsJsonAsync("orders", new { customer = "Ada", item }, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
