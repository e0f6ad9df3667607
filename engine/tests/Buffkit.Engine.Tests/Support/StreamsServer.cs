using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using IConnectionMultiplexer = StackExchange.Redis.IConnectionMultiplexer;

namespace Buffkit.Tests;

/// <summary>The engine alone on a real Kestrel with a port of its own.</summary>
public sealed class StreamsServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LeakWatch _leaks;

    private StreamsServer(WebApplication app, LeakWatch leaks)
    {
        (_app, _leaks) = (app, leaks);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Http = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public IEventPublisher Publisher => Services.GetRequiredService<IEventPublisher>();

    /// <summary>What most tests are not about: who may, and how often.</summary>
    private static readonly Dictionary<string, string?> Unguarded = new()
    {
        ["Streams:Authorization:Default"] = "Open",
        ["Streams:Limits:Connections"] = "0",
        ["Streams:Limits:ConnectionsPerSession"] = "0",
        ["Streams:Limits:ConnectionsPerAddress"] = "0",
        ["Streams:Limits:ConnectsPerMinute"] = "0",
        ["Streams:Limits:ConnectsPerMinutePerAddress"] = "0",
        ["Streams:Limits:PublishesPerSecond"] = "0",
        ["Streams:Limits:PublishesPerSecondPerAddress"] = "0",
    };

    /// <param name="settings">Configuration beside <see cref="Unguarded"/>; a value of <see langword="null"/> is the product's default.</param>
    /// <param name="services">Registered before the engine.</param>
    /// <param name="app">Called before the engine's endpoints are mapped.</param>
    /// <param name="endpoints">Leaves some of them out.</param>
    /// <param name="streams">Adds parts to the engine.</param>
    public static async Task<StreamsServer> StartAsync(
        Dictionary<string, string?>? settings = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? app = null,
        Action<EventStreamEndpoints>? endpoints = null,
        Action<EventStreamsBuilder>? streams = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        foreach (var (key, value) in Unguarded.Where(setting => settings?.ContainsKey(setting.Key) is not true).Concat(settings ?? []))
        {
            if (value is not null)
                builder.Configuration[key] = value;
        }

        var leaks = new LeakWatch();
        builder.Logging.ClearProviders().AddProvider(leaks).AddFilter<LeakWatch>((category, _) => category?.StartsWith("Buffkit.", StringComparison.Ordinal) is true);
        builder.Services.AddRouting();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services?.Invoke(builder.Services);
        var engine = builder.Services.AddEventStreams().AddEncryption();
        streams?.Invoke(engine);
        if (builder.Services.Any(service => service.ServiceType == typeof(IConnectionMultiplexer)))
            engine.AddRedis(provider => provider.GetRequiredService<IConnectionMultiplexer>()).ShareDataProtectionKeys();
        var built = builder.Build();
        app?.Invoke(built);
        built.MapEventStreams(configure: endpoints);
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new StreamsServer(built, leaks);
    }

    /// <summary>Publishes over HTTP.</summary>
    /// <returns>The id.</returns>
    public async Task<string> PublishAsync(string topic, object? data, string type = "test")
    {
        _leaks.Add(JsonSerializer.Serialize(data).Trim('"'));
        using var response = await Http.PostAsJsonAsync("events", new { topic, type, data }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return answer.GetProperty("id").GetString()!;
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Assert.Empty(_leaks.Findings);
    }
}
