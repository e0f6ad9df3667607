using System.Text;
using Microsoft.Playwright;

namespace Buffkit.Tests;

/// <summary>htmx and its SSE extension, unmodified, in a real browser; and the few lines that let it go on where it was.</summary>
public sealed class HtmxTests(Chromium chromium, NodePrograms node) : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Streams__Html__Topics__0"] = "rows",
        ["Streams__Retry__Min"] = "00:00:00.020",
        ["Streams__Retry__Max"] = "00:00:00.040",
        ["Streams__Drain__Spread"] = "00:00:00.200",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("htmx-");
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync(_folder.FullName, Settings);

    public async ValueTask DisposeAsync()
    {
        await chromium.ClosePagesAsync();
        await _api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fragments_Published_AreInThePageAsTheyCome(bool resumes)
    {
        var page = await OpenAsync(_api.Address, resumes);

        await PublishAsync(1, 3);

        await Assertions.Expect(page.Locator("#rows li")).ToHaveTextAsync(["1", "2", "3"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_Cut_BringsExactlyWhatWasMissed(bool resumes)
    {
        await using var proxy = new CuttingProxy(_api.Address);
        var page = await OpenAsync(proxy.Address, resumes);
        await PublishAsync(1, 2);
        await Assertions.Expect(page.Locator("#rows li")).ToHaveCountAsync(2);

        proxy.CutAll();
        await PublishAsync(3, 3);

        await Assertions.Expect(page.Locator("#rows li")).ToHaveTextAsync(["1", "2", "3", "4", "5"]);
    }

    [Theory]
    [InlineData(false, new[] { "1", "2", "6" })]
    [InlineData(true, new[] { "1", "2", "3", "4", "5", "6" })]
    public async Task Proxy_AnsweredAnErrorMeanwhile_BringsWhatWasMissedWithTheCure(bool resumes, string[] rows)
    {
        await using var proxy = new CuttingProxy(_api.Address);
        var page = await OpenAsync(proxy.Address, resumes);
        await PublishAsync(1, 2);
        await Assertions.Expect(page.Locator("#rows li")).ToHaveCountAsync(2);

        // The browser gives up at the first; the extension comes again with a new EventSource.
        proxy.IsBroken = true;
        proxy.CutAll();
        await Eventually.TrueAsync(() => proxy.Errors >= 2, "the extension to come again");
        await PublishAsync(3, 3);
        proxy.IsBroken = false;
        await page.WaitForFunctionAsync("() => opened >= 2");
        await PublishAsync(6, 1);

        await Assertions.Expect(page.Locator("#rows li")).ToHaveTextAsync(rows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_DrainedOrKilledAndStartedAgain_BringsExactlyWhatWasMissed(bool drained)
    {
        Assert.SkipWhen(drained && OperatingSystem.IsWindows(), "A process is not asked to end there.");
        await using var proxy = new CuttingProxy(_api.Address);
        var page = await OpenAsync(proxy.Address, resumes: true);
        await PublishAsync(1, 2);
        await Assertions.Expect(page.Locator("#rows li")).ToHaveCountAsync(2);

        // The browser cannot be back before there is something that it missed.
        proxy.IsAway = true;
        if (drained)
            await _api.StopAsync();
        else
            await _api.KillAsync();
        await using var second = await ApiProcess.StartAsync(_folder.FullName, Settings, _api.Address.Port);
        await PublishAsync(3, 2, second);
        proxy.IsAway = false;

        await Assertions.Expect(page.Locator("#rows li")).ToHaveTextAsync(["1", "2", "3", "4"], new() { Timeout = 30_000 });
    }

    [Fact]
    public async Task Text_ThatLooksLikeMarkup_StaysText()
    {
        var page = await OpenAsync(_api.Address, resumes: true);

        await BrowserPage.PublishAsync(_api, new { topic = "rows", type = "row", data = "<img src=x onerror=alert(1)> & co" });

        await Assertions.Expect(page.Locator("#rows")).ToHaveTextAsync("<img src=x onerror=alert(1)> & co");
        await Assertions.Expect(page.Locator("#rows img")).ToHaveCountAsync(0);
    }

    private async Task<IPage> OpenAsync(Uri origin, bool resumes)
    {
        var packages = Path.Combine(await node.FolderAsync(), "node_modules");
        var page = await chromium.NewPageAsync();
        await BrowserPage.OpenAsync(
            page,
            origin,
            $"""
            <script src="htmx.js"></script>
            <script src="sse.js"></script>
            {(resumes ? """<script src="sse-resume.js"></script>""" : "")}
            <script>let opened = 0; document.addEventListener('htmx:sseOpen', () => opened++);</script>
            <ol id="rows" hx-ext="sse" sse-connect="/events?topic=rows&format=html" sse-swap="row" hx-swap="beforeend"></ol>
            """,
            new()
            {
                ["htmx.js"] = Path.Combine(packages, "htmx.org", "dist", "htmx.js"),
                ["sse.js"] = Path.Combine(packages, "htmx-ext-sse", "sse.js"),
                ["sse-resume.js"] = Repository.Folder("clients/htmx/sse-resume.js"),
            });
        await page.WaitForFunctionAsync("() => opened > 0");
        return page;
    }

    private async Task PublishAsync(int from, int count, ApiProcess? api = null)
    {
        foreach (var number in Enumerable.Range(from, count))
            await BrowserPage.PublishBodyAsync(api ?? _api, "rows", "row", "text/html", Encoding.UTF8.GetBytes($"<li>{number}</li>"));
    }
}
