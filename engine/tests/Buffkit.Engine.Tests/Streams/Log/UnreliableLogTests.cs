using System.Globalization;
using System.Net.Http.Json;
using System.Net;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>The engine on a log that fails at random: nothing that got an id is lost, doubled or out of order.</summary>
public sealed class UnreliableLogTests
{
    private const int Events = 2_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Publishers_RetryWithTheirKeys_AndClientsComeBack_EverythingArrivesOnce(int seed)
    {
        // A tail this small sends whoever comes back to the log.
        var settings = new Dictionary<string, string?> { ["Streams:Tail:Capacity"] = "16" };
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), seed);
        await using var server = await StreamsServer.StartAsync(settings, services => services.AddSingleton<IEventLog>(log));
        await using var steady = new ResumingClient(_ => server.Address, "a");
        await using var restless = new ResumingClient(_ => server.Address, "a");
        await steady.OpenedAsync();
        await restless.OpenedAsync();

        var accepted = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var n = 0; n < Events; n++)
        {
            var data = n.ToString(CultureInfo.InvariantCulture);
            accepted.Add(await PublishUntilTakenAsync(server, data), data);
            if (n % 100 == 99)
                restless.Cut();
        }

        Assert.True(log.Faults > Events / 10, $"Only {log.Faults} faults.");
        foreach (var client in (ResumingClient[])[steady, restless])
        {
            await client.ReceivedAsync(Events);
            Assert.Empty(client.Gaps);
            Assert.Equal(accepted.Select(pair => (pair.Key, pair.Value)), client.Events);
        }
    }

    [Fact]
    public async Task Client_BehindTheTailWhileTheLogIsAway_IsLetInAndServedWhenItIsBack()
    {
        var settings = new Dictionary<string, string?> { ["Streams:Tail:Capacity"] = "16" };
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), 1) { Rate = 0 };
        await using var server = await StreamsServer.StartAsync(settings, services => services.AddSingleton<IEventLog>(log));
        var first = await server.PublishAsync("a", 0);
        for (var n = 1; n <= 100; n++)
            await server.PublishAsync("a", n);

        log.Away = true;
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: first);
        log.Away = false;

        Assert.Equal(Enumerable.Range(1, 100).Select(n => n.ToString(CultureInfo.InvariantCulture)), await client.NextDataAsync(100));
    }

    [Fact]
    public async Task Client_WithACursorThatWasNeverIssuedWhileTheLogIsAway_IsToldOfTheGapWhenItIsBack()
    {
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), 1) { Rate = 0 };
        await using var server = await StreamsServer.StartAsync(services: services => services.AddSingleton<IEventLog>(log));
        Assert.True(EventId.TryParse(await server.PublishAsync("a", 0), out var first));

        log.Away = true;
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", lastEventId: (first with { Sequence = 9_999 }).ToString());
        log.Away = false;

        Assert.Equal("unknown", (await client.NextGapAsync()).Reason);
        await server.PublishAsync("a", 1);
        Assert.Equal("1", (await client.NextAsync()).Data);
    }

    [Fact]
    public async Task Health_LogAway_IsDegraded()
    {
        var log = new FaultInjectingLog(new MemoryEventLog(new LogOptions(), TimeProvider.System), 1) { Rate = 0, Away = true };
        await using var server = await StreamsServer.StartAsync(
            services: services => services.AddSingleton<IEventLog>(log),
            app: app => app.MapHealthChecks("/health"));
        Assert.Equal("Degraded", await server.Http.GetStringAsync(new Uri("health", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    private static async Task<string> PublishUntilTakenAsync(StreamsServer server, string data)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "events")
            {
                Content = JsonContent.Create(new { topic = "a", type = "t", data }),
                Headers = { { "Idempotency-Key", data } },
            };
            using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            if (response.StatusCode is HttpStatusCode.Accepted)
                return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        }
    }
}
