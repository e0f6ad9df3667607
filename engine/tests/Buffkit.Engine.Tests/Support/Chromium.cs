using System.Collections.Concurrent;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Buffkit.Tests.Chromium))]

namespace Buffkit.Tests;

/// <summary>
/// The browser that is installed here, one for the whole run. Tests that need it are skipped with the reason where there is
/// none, and fail where <c>REQUIRE_BROWSER=true</c> says that there must be.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Paths =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly ConcurrentDictionary<IPage, string> _pages = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Opens a page of the running test, which closes it by <see cref="ClosePagesAsync"/>.</summary>
    public async Task<IPage> NewPageAsync()
    {
        if (Paths.FirstOrDefault(File.Exists) is not { } path)
        {
            const string Reason = "no Chromium is installed (Debian package chromium).";
            if (string.Equals(Environment.GetEnvironmentVariable("REQUIRE_BROWSER"), "true", StringComparison.OrdinalIgnoreCase))
                Assert.Fail($"REQUIRE_BROWSER is true, but {Reason}");
            Assert.Skip(Reason);
            throw new InvalidOperationException(Reason);
        }

        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = path,
                Headless = true,
                // Playwright's own switch against it: users' browsers keep pages and take them back.
                IgnoreDefaultArgs = ["--disable-back-forward-cache"],
                // As root in a container there is no sandbox; the rest keeps the browser from calling home.
                Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            });
            var page = await _browser.NewPageAsync();
            _pages[page] = TestContext.Current.Test!.UniqueID;
            return page;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>Closes the pages of the running test: one that is left would connect again and again, to a server that is gone.</summary>
    public async Task ClosePagesAsync()
    {
        foreach (var (page, test) in _pages)
        {
            if (test == TestContext.Current.Test!.UniqueID && _pages.TryRemove(page, out _))
                await page.CloseAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
    }
}
