using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>Streams end after a while, so that new servers get their share and a session shows its token again.</summary>
public sealed class MaxAgeTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Stream_OfMaxAge_EndsWithRotateAndLosesNothing()
    {
        await using var server = await StartAsync([]);
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");
        var closing = client.CloseReasonAsync();

        _time.Advance(TimeSpan.FromMinutes(44));
        Assert.False(closing.IsCompleted);
        await Eventually.TrueAsync(
            () =>
            {
                if (_time.GetUtcNow() < _time.Start + TimeSpan.FromMinutes(61))
                    _time.Advance(TimeSpan.FromSeconds(5));
                return closing.IsCompleted;
            },
            "the stream to end within an hour");
        var missed = await server.PublishAsync("a", 1);
        await using var again = await EventStreamClient.ConnectAsync(
            server.Address, "a", lastEventId: client.OpenId, headers: Token(client.Headers[TokenHeader]));

        Assert.Equal("rotate", await closing);
        Assert.Equal(client.Session(), again.Session());
        Assert.Equal(missed, (await again.NextAsync()).EventId);
    }

    [Fact]
    public async Task Streams_ThatBeganTogether_DoNotEndTogether()
    {
        await using var server = await StartAsync([]);
        var connections = server.Services.GetRequiredService<Streams.ConnectionSet>();
        var clients = new List<EventStreamClient>();
        for (var i = 0; i < 20; i++)
            clients.Add(await EventStreamClient.ConnectAsync(server.Address, "a"));

        Assert.InRange(connections.All.Select(connection => connection.MaxAge).Distinct().Count(), 15, 20);
        Assert.All(connections.All, connection => Assert.InRange(connection.MaxAge!.Value, TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(60)));
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Stream_WithoutMaxAge_GoesOn()
    {
        await using var server = await StartAsync(new() { ["Streams:Delivery:MaxAge"] = "00:00:00" });
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a");

        for (var i = 0; i < 48; i++)
            _time.Advance(TimeSpan.FromHours(1));
        await server.PublishAsync("a", 1);

        Assert.Equal("1", (await client.NextAsync()).Data);
    }

    private Task<StreamsServer> StartAsync(Dictionary<string, string?> settings)
    {
        settings["Streams:Delivery:BatchDelay"] = "00:00:00";
        return StreamsServer.StartAsync(settings, services => services.AddSingleton<TimeProvider>(_time));
    }
}
