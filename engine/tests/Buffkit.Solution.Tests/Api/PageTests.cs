using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Buffkit.Tests;

/// <summary>The live page in a real browser.</summary>
public sealed class PageTests(Chromium chromium) : IAsyncLifetime
{
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await chromium.ClosePagesAsync();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Page_OrderPosted_ShowsItLive()
    {
        var page = await OpenAsync();

        await page.Locator("[name=item]").FillAsync("Cornetto <b>");
        await page.Locator("button[type=submit]").ClickAsync();

        await Assertions.Expect(page.Locator("#orders tr.live")).ToContainTextAsync("Cornetto <b>");
    }

    [Fact]
    public async Task Page_ConnectionCutTwice_SaysSoAndRecoversWhatItMissed()
    {
        var page = await OpenAsync();
        await PostAsync("before");
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(1);

        await page.Locator("#cut").ClickAsync();
        await page.Locator("#cut").ClickAsync();
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Not connected: the connection failed. Connecting again in");
        await PostAsync("while away");

        await Assertions.Expect(page.Locator("#replayed")).ToHaveTextAsync("1", new() { Timeout = 15_000 });
        await ExpectLiveAsync(page);
        await Assertions.Expect(page.Locator("#recovered")).ToHaveTextAsync("yes");
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(2);
        // One stream, and no second one behind it.
        await Eventually.TrueAsync(async () => await ConnectionsAsync() == 1, "one connection to be left");
    }

    [Fact]
    public async Task Page_ServerKilledAndStartedAgain_GoesOnWithExactlyWhatItMissed()
    {
        var root = Directory.CreateTempSubdirectory("page-");
        await using var first = await ApiProcess.StartAsync(root.FullName);
        var page = await chromium.NewPageAsync();
        await page.GotoAsync(first.Address.ToString());
        await ExpectLiveAsync(page);
        await PostAsync(first, "before");
        await Assertions.Expect(page.Locator("#orders tr.live")).ToHaveCountAsync(1);

        await first.KillAsync();
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Connecting again");
        await using (var second = await ApiProcess.StartAsync(root.FullName, port: first.Address.Port))
        {
            await PostAsync(second, "after");

            await Assertions.Expect(page.Locator("#orders tr.live")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("#orders")).ToContainTextAsync("after");
            await Assertions.Expect(page.Locator("#recovered")).ToHaveTextAsync("yes");
            await ExpectLiveAsync(page);
        }

        root.Delete(recursive: true);
    }

    [Fact]
    public async Task Page_OrderThatCouldNotBePlaced_StaysInTheFormAndCountsOnceWhenSentAgain()
    {
        var page = await OpenAsync();
        await page.Locator("[name=item]").FillAsync("Ristretto");
        // The server takes the order, and the network loses the answer.
        await page.RouteAsync("**/orders", async route =>
        {
            if (route.Request.Method == "POST")
                await route.FetchAsync();
            await route.AbortAsync();
        });
        await page.Locator("#order").ClickAsync();

        await Assertions.Expect(page.Locator("#problem")).ToContainTextAsync("cannot be reached");
        await Assertions.Expect(page.Locator("[name=item]")).ToHaveValueAsync("Ristretto");
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(1);
        await page.UnrouteAllAsync();
        await page.Locator("#order").ClickAsync();

        await Assertions.Expect(page.Locator("#problem")).ToBeEmptyAsync();
        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("Order");
        Assert.Equal(1, (await _api.Http.GetFromJsonAsync<System.Text.Json.JsonElement>("orders", TestContext.Current.CancellationToken)).GetArrayLength());
    }

    [Fact]
    public async Task Page_SevenTabs_AllLiveOverOneConnection()
    {
        await using var context = await (await chromium.NewPageAsync()).Context.Browser!.NewContextAsync();
        var tabs = new List<IPage>();
        for (var i = 0; i < 7; i++)
        {
            var tab = await context.NewPageAsync();
            await tab.GotoAsync(_api.Address.ToString());
            tabs.Add(tab);
        }

        foreach (var tab in tabs)
            await ExpectLiveAsync(tab);
        await PostAsync("for all");

        foreach (var tab in tabs)
            await Assertions.Expect(tab.Locator("#orders")).ToContainTextAsync("for all");
        await Eventually.TrueAsync(async () => await ConnectionsAsync() == 1, "the tabs to share one connection");
    }

    [Fact]
    public async Task Page_ServiceWorkerPassesRequestsOn_StreamsAndComesBackAllTheSame()
    {
        var root = Directory.CreateTempSubdirectory("worker-");
        await File.WriteAllTextAsync(
            Path.Combine(root.CreateSubdirectory("wwwroot").FullName, "worker.js"),
            """
            addEventListener("install", () => skipWaiting());
            addEventListener("activate", event => event.waitUntil(clients.claim()));
            addEventListener("fetch", event => event.respondWith(fetch(event.request)));
            """,
            TestContext.Current.CancellationToken);
        await using (var api = await ApiProcess.StartAsync(root.FullName))
        {
            var page = await chromium.NewPageAsync();
            await page.GotoAsync(api.Address.ToString());
            await page.EvaluateAsync("async () => { await navigator.serviceWorker.register('/worker.js'); await navigator.serviceWorker.ready; }");
            await page.ReloadAsync();
            Assert.True(await page.EvaluateAsync<bool>("() => navigator.serviceWorker.controller !== null"), "No worker is in between.");
            await ExpectLiveAsync(page);
            await PostAsync(api, "through the worker");
            await Assertions.Expect(page.Locator("#orders tr.live")).ToContainTextAsync("through the worker");

            await page.Locator("#cut").ClickAsync();
            await PostAsync(api, "while away");

            await Assertions.Expect(page.Locator("#replayed")).ToHaveTextAsync("1", new() { Timeout = 15_000 });
            await ExpectLiveAsync(page);
            await page.CloseAsync();
        }

        root.Delete(recursive: true);
    }

    [Fact]
    public async Task Page_LeftAndReturnedTo_IsLiveWithWhatItMissed()
    {
        await using var context = await (await chromium.NewPageAsync()).Context.Browser!.NewContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(_api.Address.ToString());
        await ExpectLiveAsync(page);
        await page.GotoAsync($"{_api.Address}alive");
        await PostAsync("while away");

        // A page that the browser has kept is not loaded again.
        await page.GoBackAsync(new() { WaitUntil = WaitUntilState.Commit });

        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(1);
        await PostAsync("after");
        await Assertions.Expect(page.Locator("#orders tr")).ToHaveCountAsync(2);
        await ExpectLiveAsync(page);
        await Eventually.TrueAsync(async () => await ConnectionsAsync() == 1, "one connection to be left");
    }

    [Theory]
    [InlineData("light", 1100)]
    [InlineData("dark", 1100)]
    [InlineData("light", 360)]
    [InlineData("dark", 360)]
    public async Task Page_OfAnyWidthAndColours_FitsAndIsUsedByKeyboard(string colours, int width)
    {
        var page = await OpenAsync();
        await page.EmulateMediaAsync(new() { ColorScheme = colours == "dark" ? ColorScheme.Dark : ColorScheme.Light });
        await page.SetViewportSizeAsync(width, 800);

        await page.Locator("[name=customer]").FocusAsync();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("Quadruple espresso macchiato without sugar");
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.Locator("#orders tr.live")).ToContainTextAsync("macchiato");
        Assert.Equal(width, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        var pictures = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "pictures"));
        await page.ScreenshotAsync(new() { Path = Path.Combine(pictures.FullName, $"page-{colours}-{width}.png"), FullPage = true });
    }

    [Fact]
    public async Task Page_WithoutJavaScript_SaysWhatIsMissing()
    {
        var browser = (await chromium.NewPageAsync()).Context.Browser!;
        await using var context = await browser.NewContextAsync(new() { JavaScriptEnabled = false });
        var page = await context.NewPageAsync();

        await page.GotoAsync(_api.Address.ToString());

        await Assertions.Expect(page.Locator(".notice")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".notice")).ToContainTextAsync("needs JavaScript");
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
        await ExpectLiveAsync(page);
        return page;
    }

    private static Task ExpectLiveAsync(IPage page) => Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("Live", new() { Timeout = 30_000 });

    /// <summary>Streams that are open, as the server counts them.</summary>
    private async Task<int> ConnectionsAsync()
    {
        var metrics = await _api.Http.GetStringAsync("metrics", TestContext.Current.CancellationToken);
        return Regex.Matches(metrics, @"^event_streams_connections(?:\{[^}]*\})? (\d+)", RegexOptions.Multiline).Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private Task PostAsync(string item) => PostAsync(_api, item);

    private static async Task PostAsync(ApiProcess api, string item)
    {
        using var response = await api.Http.PostAsJsonAsync("orders", new { customer = "Ada", item }, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
