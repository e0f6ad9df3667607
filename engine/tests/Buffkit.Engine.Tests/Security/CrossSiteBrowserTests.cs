using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>A real browser, in which the user is logged in, opens a page of another site.</summary>
public sealed class CrossSiteBrowserTests(Chromium chromium)
{
    // Each answers what the page could find out, or do.
    private const string Attacks =
        """
        async target => {
          const stream = url => new Promise(resolve => {
            const source = new EventSource(url, { withCredentials: true });
            source.addEventListener('stream.open', () => resolve('open'));
            source.onerror = () => resolve('refused');
          });
          const socket = url => new Promise(resolve => {
            const socket = new WebSocket(url, 'cloudevents.json');
            socket.onmessage = () => resolve('open');
            socket.onclose = socket.onerror = () => resolve('refused');
          });
          const call = (url, options) => fetch(url, options).then(response => response.type === 'opaque' ? 'sent' : `${response.status}`, () => 'refused');
          const body = JSON.stringify({ topic: 'user/ada/news', type: 't', data: 'forged' });
          return {
            eventSource: await stream(`${target}/events?topic=user/ada/**`),
            webSocket: await socket(`${target.replace('http', 'ws')}/events/ws?topic=user/ada/**`),
            read: await call(`${target}/events?topic=user/ada/**`, { credentials: 'include' }),
            publish: await call(`${target}/events`, { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body }),
            simplePublish: await call(`${target}/events?topic=user/ada/news&type=t`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'forged' }),
            logOut: await call(`${target}/events/session`, { method: 'DELETE', credentials: 'include' }),
          };
        }
        """;

    [Theory]
    // Another host is another site; another port is another origin of the same site, to which SameSite=Lax cookies do go.
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    public async Task Page_OfAnotherOrigin_OpensNothingAndPublishesNothing(string victimHost, string evilHost)
    {
        await using var victim = await SecuredServer.StartAsync(app: Page);
        await using var evil = await StreamsServer.StartAsync(app: Page);
        var target = $"http://{victimHost}:{victim.Address.Port}";
        var page = await LoggedInAsync(target);
        await using var watcher = await EventStreamClient.ConnectAsync(victim.Address, "user/ada/**", headers: TestAuthentication.As("ada"));

        await page.GotoAsync($"http://{evilHost}:{evil.Address.Port}/page");
        var found = await page.EvaluateAsync<JsonElement>(Attacks, target);
        await PostFormAsync(page, target);
        await victim.PublishFromCodeAsync("user/ada/news", "real");

        foreach (var attack in new[] { "eventSource", "webSocket", "read", "publish", "logOut" })
            Assert.Equal((attack, "refused"), (attack, found.GetProperty(attack).GetString()));
        // What could not be kept from being sent had no effect.
        Assert.Equal("real", (await watcher.NextAsync()).Data);
    }

    [Fact]
    public async Task Page_OfTheServerItself_OpensItsStreamWithTheCookie()
    {
        await using var server = await SecuredServer.StartAsync(app: Page);
        var target = $"http://localhost:{server.Address.Port}";
        var page = await LoggedInAsync(target);

        var found = await page.EvaluateAsync<JsonElement>(Attacks, target);

        Assert.Equal("open", found.GetProperty("eventSource").GetString());
        Assert.Equal("open", found.GetProperty("webSocket").GetString());
        Assert.Equal("202", found.GetProperty("publish").GetString());
        Assert.Equal("", await page.EvaluateAsync<string>("() => document.cookie"));
    }

    private async Task<IPage> LoggedInAsync(string target)
    {
        var page = await chromium.NewPageAsync();
        await page.GotoAsync(target + "/page");
        var status = await page.EvaluateAsync<int>(
            "async () => (await fetch('/events/session', { method: 'POST', headers: { Authorization: 'Test ada' } })).status");
        Assert.Equal(200, status);
        Assert.Contains(await page.Context.CookiesAsync(), cookie => cookie is { Name: CookieName, HttpOnly: true, SameSite: SameSiteAttribute.Lax });
        return page;
    }

    private static async Task PostFormAsync(IPage page, string target)
    {
        var response = await page.RunAndWaitForResponseAsync(
            () => page.EvaluateAsync(
                """
                target => {
                  const form = document.createElement('form');
                  form.method = 'post';
                  form.enctype = 'text/plain';
                  form.action = `${target}/events?topic=user/ada/news&type=t`;
                  document.body.append(form);
                  form.submit();
                }
                """,
                target),
            response => response.Request.Method == "POST");
        Assert.Equal(403, response.Status);
    }

    private static void Page(WebApplication app) =>
        app.MapGet("/page", () => Results.Content("<!doctype html><title>A page</title><body>", "text/html"));
}
