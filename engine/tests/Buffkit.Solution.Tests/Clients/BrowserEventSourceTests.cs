using System.Text.Json;
using Microsoft.Playwright;

namespace Buffkit.Tests;

/// <summary>The scenarios of <c>clients/compatibility</c> with the EventSource of a real browser, as the docs' code uses it.</summary>
public sealed class BrowserEventSourceTests(Chromium chromium) : IAsyncLifetime
{
    private const int Places = 4;

    private const string Control = "stream.open stream.live stream.gap stream.close stream.heartbeat";

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Streams__Heartbeat"] = "00:00:01",
        // Doubled for a browser whose streams last less than a second, as those that are cut here.
        ["Streams__Retry__Min"] = "00:00:00.020",
        ["Streams__Retry__Max"] = "00:00:00.040",
        ["Streams__Drain__Spread"] = "00:00:00.200",
        ["Streams__Limits__EventBytes"] = $"{1024 * 1024}",
        // More than one page has, also where the server has not yet noticed a cut.
        ["Streams__Limits__ConnectionsPerAddress"] = $"{Places}",
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("browser-");
    private ApiProcess _api = null!;

    public async ValueTask InitializeAsync() => _api = await ApiProcess.StartAsync(_folder.FullName, Settings);

    public async ValueTask DisposeAsync()
    {
        await chromium.ClosePagesAsync();
        await _api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Payloads_Awkward_AreReadAsTheyWerePublished()
    {
        var cases = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(
            Repository.Folder("clients/compatibility/payloads.json"), TestContext.Current.CancellationToken)).GetProperty("cases").EnumerateArray().ToArray();
        Assert.Equal(22, cases.Length);
        var page = await SubscribeAsync(_api.Address, "payloads", [.. cases.Select(TypeOf)]);

        foreach (var @case in cases)
        {
            if (@case.TryGetProperty("json", out var json))
                await BrowserPage.PublishAsync(_api, new { topic = "payloads", type = TypeOf(@case), data = Times(@case) > 1 ? (object)Repeated(@case, json) : json });
            else
                await BrowserPage.PublishBodyAsync(_api, "payloads", TypeOf(@case), @case.GetProperty("contentType").GetString()!, BodyOf(@case));
        }

        var received = await PayloadsAsync(page, cases.Length);
        Assert.Equal(
            cases.Select(@case => (@case.GetProperty("name").GetString(), TypeOf(@case), Repeated(@case, @case.GetProperty("raw")))),
            cases.Zip(received, (@case, item) => (@case.GetProperty("name").GetString(), item.Type, item.Data)));
    }

    [Fact]
    public async Task Heartbeats_CommentsAreNotSeen_EventsAre()
    {
        var page = await SubscribeAsync(_api.Address, "heartbeat", ["after"]);
        var watching = await SubscribeAsync(_api.Address, "heartbeat&heartbeat=event", ["after"]);
        // Each second one: of the other stream there have been as many by then.
        await watching.WaitForFunctionAsync("() => got.filter(event => event.type === 'stream.heartbeat').length >= 3");

        await BrowserPage.PublishAsync(_api, new { topic = "heartbeat", type = "after", data = 1 });

        await PayloadsAsync(page, 1);
        Assert.Equal(["stream.open", "stream.live", "after"], (await AllAsync(page)).Select(item => item.Type));
    }

    [Fact]
    public async Task Burst_OfTenThousand_ArrivesInOrder()
    {
        var page = await SubscribeAsync(_api.Address, "burst", ["number"]);

        for (var from = 0; from < 10_000; from += 1_000)
            await BrowserPage.PublishNumbersAsync(_api, "burst", from, 1_000);

        Assert.Equal(Numbers(10_000), (await PayloadsAsync(page, 10_000)).Select(item => item.Data));
    }

    [Fact]
    public async Task Cuts_UnderFlow_LoseAndReorderNothing()
    {
        const int Cuts = 6;
        const int Batch = 20;
        var random = new Random(20261128);
        await using var proxy = new CuttingProxy(_api.Address);
        proxy.CutAfter = () => proxy.Cuts < Cuts ? random.Next(1_500, 6_000) : int.MaxValue;
        var page = await SubscribeAsync(proxy.Address, "cuts", ["number"]);

        var sent = 0;
        while (proxy.Cuts < Cuts)
        {
            // The flow goes on whenever something comes of it.
            var (cuts, connections) = (proxy.Cuts, proxy.Connections);
            await BrowserPage.PublishNumbersAsync(_api, "cuts", sent, Batch);
            sent += Batch;
            await Eventually.TrueAsync(
                async () => proxy.Cuts > cuts || proxy.Connections > connections || (await AllAsync(page)).Any(item => item.Data == $"{sent - 1}"),
                $"news of event {sent}");
        }

        Assert.Equal(Numbers(sent), (await PayloadsAsync(page, sent)).Select(item => item.Data));
        Assert.DoesNotContain(await AllAsync(page), item => item.Type == "stream.gap");
        Assert.True(proxy.Connections > Cuts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_DrainedOrKilledAndStartedAgain_GoesOnWithExactlyWhatWasMissed(bool drained)
    {
        Assert.SkipWhen(drained && OperatingSystem.IsWindows(), "A process is not asked to end there.");
        await using var proxy = new CuttingProxy(_api.Address);
        var page = await SubscribeAsync(proxy.Address, "back", ["number"]);
        await BrowserPage.PublishNumbersAsync(_api, "back", 0, 100);

        // The browser cannot be back before there is something that it missed.
        proxy.IsAway = true;
        if (drained)
            await _api.StopAsync();
        else
            await _api.KillAsync();
        await using (var second = await ApiProcess.StartAsync(_folder.FullName, Settings, _api.Address.Port))
        {
            await BrowserPage.PublishNumbersAsync(second, "back", 100, 5);
            proxy.IsAway = false;

            Assert.Equal(Numbers(105), (await PayloadsAsync(page, 105)).Select(item => item.Data));
        }

        var all = await AllAsync(page);
        Assert.DoesNotContain(all, item => item.Type == "stream.gap");
        Assert.Equal(drained, all.Any(item => item.Type == "stream.close" && item.Data.Contains("\"drain\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Throttled_IsToldInTheStreamAndWaits()
    {
        var places = new List<EventStreamClient>();
        while (places.Count < Places)
            places.Add(await EventStreamClient.ConnectAsync(_api.Address, "full", more: "&heartbeat=event"));
        await using var proxy = new CuttingProxy(_api.Address);

        var page = await OpenAsync(proxy.Address, "full", []);

        await page.WaitForFunctionAsync("() => got.some(event => event.type === 'stream.close')");
        var close = JsonSerializer.Deserialize<JsonElement>((await AllAsync(page)).Single(item => item.Type == "stream.close").Data);
        Assert.Equal("limit", close.GetProperty("reason").GetString());
        // It obeys 'retry:', and has not given up.
        for (var beats = 0; beats < 3; beats++)
            Assert.Equal("stream.heartbeat", (await places[0].NextAsync()).EventType);
        Assert.Equal(1, proxy.Connections);
        Assert.Equal(0, await page.EvaluateAsync<int>("() => source.readyState"));
        foreach (var place in places)
            await place.DisposeAsync();
    }

    [Fact]
    public async Task ErrorStatus_OfAProxy_IsTheEndForTheBrowser()
    {
        await using var proxy = new CuttingProxy(_api.Address);
        var page = await SubscribeAsync(proxy.Address, "broken", []);

        proxy.IsBroken = true;
        proxy.CutAll();

        await page.WaitForFunctionAsync("() => source.readyState === EventSource.CLOSED");
        Assert.Equal(1, proxy.Errors);
    }

    private async Task<IPage> SubscribeAsync(Uri origin, string topic, string[] types)
    {
        var page = await OpenAsync(origin, topic, types);
        await page.WaitForFunctionAsync("() => got.some(event => event.type === 'stream.live')");
        return page;
    }

    private async Task<IPage> OpenAsync(Uri origin, string topic, string[] types)
    {
        var page = await chromium.NewPageAsync();
        await BrowserPage.OpenAsync(
            page,
            origin,
            """
            <script type="module">
              import { subscribe } from './browser.js';
              // What the code under test made, so that its state can be looked at.
              window.EventSource = class extends EventSource { constructor(url) { super(url); window.source = this; } };
              window.got = [];
              window.begin = (url, types) => { subscribe(url, types, event => got.push(event)); };
            </script>
            """,
            new() { ["browser.js"] = Repository.Folder("clients/compatibility/clients/browser.js") });
        await page.WaitForFunctionAsync("() => window.begin");
        await page.EvaluateAsync("([url, types]) => begin(url, types)", new object[] { $"/events?topic={topic}", (string[])[.. Control.Split(' '), .. types] });
        return page;
    }

    /// <summary>All that came.</summary>
    private static async Task<Item[]> AllAsync(IPage page) =>
        JsonSerializer.Deserialize<Item[]>(await page.EvaluateAsync<string>("() => JSON.stringify(got)"), JsonSerializerOptions.Web)!;

    /// <summary>What came that is not the server's own, without repeats, once there is as much of it.</summary>
    private static async Task<Item[]> PayloadsAsync(IPage page, int count)
    {
        await page.WaitForFunctionAsync(
            "count => new Set(got.filter(event => !event.type.startsWith('stream.')).map(event => event.id)).size >= count", count);
        return [.. (await AllAsync(page)).Where(item => !item.Type.StartsWith("stream.", StringComparison.Ordinal)).DistinctBy(item => item.Id)];
    }

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(number => $"{number}");

    private static string TypeOf(JsonElement @case) =>
        (@case.TryGetProperty("type", out var type) ? type : @case.GetProperty("name")).GetString()!;

    private static int Times(JsonElement @case) => @case.TryGetProperty("times", out var times) ? times.GetInt32() : 1;

    private static string Repeated(JsonElement @case, JsonElement text) => string.Concat(Enumerable.Repeat(text.GetString(), Times(@case)));

    private static byte[] BodyOf(JsonElement @case) =>
        @case.TryGetProperty("base64", out var bytes) ? bytes.GetBytesFromBase64() : System.Text.Encoding.UTF8.GetBytes(@case.GetProperty("text").GetString()!);

    private sealed record Item(string Id, string Type, string Data);
}
