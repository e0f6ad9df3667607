using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;

namespace Buffkit.Tests;

/// <summary>The API on a real server with a port of its own; what it writes goes with it.</summary>
public sealed class RunningApi : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("api-");
    private readonly Factory _factory;

    /// <param name="settings">Configuration beside that of Development, such as a database's.</param>
    public RunningApi(Dictionary<string, string>? settings = null)
    {
        _factory = new Factory(host =>
        {
            host.UseContentRoot(_folder.FullName).UseUrls("http://127.0.0.1:0");
            foreach (var (key, value) in settings ?? [])
                host.UseSetting(key, value);
        });
        _factory.UseKestrel();
        _factory.StartServer();
        Http = _factory.CreateClient();
    }

    public HttpClient Http { get; }

    /// <summary>Subscribes as a client does that sends <c>Last-Event-ID</c>, and reads on until it is told to stop.</summary>
    /// <remarks>The first event is <c>stream.open</c>: whatever is published after it arrives.</remarks>
    public async IAsyncEnumerable<SseItem<string>> EventsAsync(
        string topic, string? lastEventId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"events?topic={Uri.EscapeDataString(topic)}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(cancellationToken))
            yield return item;
    }

    /// <summary>Waits until a part of <c>/health</c> is, as orchestrators do: the first answer of a process may take longer than a check may.</summary>
    public async Task UntilHealthyAsync(string part, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        do
        {
            using var response = await Http.GetAsync(new Uri("health", UriKind.Relative), patience.Token);
            var health = await response.Content.ReadFromJsonAsync<JsonElement>(patience.Token);
            if (health.GetProperty("parts").GetProperty(part).GetProperty("status").ValueEquals("Healthy"))
                return;
        }
        while (await timer.WaitForNextTickAsync(patience.Token));
    }

    public void Dispose()
    {
        Http.Dispose();
        _factory.Dispose();
        _folder.Delete(recursive: true);
    }

    private sealed class Factory(Action<IWebHostBuilder> configure) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder) => configure(builder);
    }
}
