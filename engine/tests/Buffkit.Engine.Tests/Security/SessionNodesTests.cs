using System.Net;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>Sessions of several servers with one Redis.</summary>
public sealed class SessionNodesTests(RedisServer redis) : IAsyncDisposable
{
    private const string Own = "user/ada/news";

    private readonly string _prefix = RedisServer.NewKeyPrefix();
    private readonly List<ConnectionMultiplexer> _clients = [];

    [Fact]
    public async Task Client_ThatReconnectsToAnotherServer_IsTheSameSessionThere()
    {
        await using var one = await NodeAsync();
        await using var two = await NodeAsync();
        var token = await one.LogInAsync("ada");
        await using var first = await EventStreamClient.ConnectAsync(one.Address, Own, headers: (TokenHeader, token));

        await using var second = await EventStreamClient.ConnectAsync(two.Address, Own, headers: (TokenHeader, first.Headers[TokenHeader]));

        Assert.Equal(first.Session(), second.Session());
    }

    [Fact]
    public async Task Token_ReplayedOnAnotherServer_EndsTheStreamOnTheFirst()
    {
        await using var one = await NodeAsync();
        await using var two = await NodeAsync();
        var token = await one.LogInAsync("ada");
        await using var first = await EventStreamClient.ConnectAsync(one.Address, Own, headers: (TokenHeader, token));
        await using var victim = await EventStreamClient.ConnectAsync(one.Address, Own, headers: (TokenHeader, first.Headers[TokenHeader]));

        // No grace: what was replaced is stolen.
        var thief = await two.SubscribeStatusAsync(Own, (TokenHeader, token));

        Assert.Equal(401, thief);
        Assert.Equal("revoked", await victim.CloseReasonAsync());
        Assert.Equal(401, await one.SubscribeStatusAsync(Own, (TokenHeader, victim.Headers[TokenHeader])));
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(60)]
    public async Task Client_OfAServerWhoseClockIsWrong_IsNotRevoked(int minutes)
    {
        await using var server = await NodeAsync(
            services: collection => collection.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(minutes))));
        var token = await server.LogInAsync("ada", DateTimeOffset.UtcNow.AddHours(6));
        for (var i = 0; i < 5; i++)
        {
            await using var client = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));
            token = client.Headers[TokenHeader];
        }

        Assert.Equal(200, await server.SubscribeStatusAsync(Own, (TokenHeader, token)));
    }

    [Fact]
    public async Task Connections_OfASession_CountOnAllServers()
    {
        await using var one = await NodeAsync(new() { ["Streams:Limits:ConnectionsPerSession"] = "2" });
        await using var two = await NodeAsync(new() { ["Streams:Limits:ConnectionsPerSession"] = "2" });
        await using var first = await EventStreamClient.ConnectAsync(one.Address, "public/a");
        await using var second = await EventStreamClient.ConnectAsync(two.Address, "public/a", headers: (TokenHeader, first.Headers[TokenHeader]));

        // A server that has just started is known to the others within a second.
        var status = 0;
        var token = second.Headers[TokenHeader];
        await Eventually.TrueAsync(
            () =>
            {
                using var response = one.SendAsync(HttpMethod.Get, "events?topic=public/a", [(TokenHeader, token)]).GetAwaiter().GetResult();
                token = response.Headers.TryGetValues(TokenHeader, out var next) ? next.Single() : token;
                return (status = (int)response.StatusCode) == 429;
            },
            "the third connection to be refused");
        Assert.Equal(429, status);
    }

    [Fact]
    public async Task Redis_Away_TokensAreAcceptedAndItIsSaidOnce()
    {
        await using var container = await RedisServer.StartOwnAsync();
        var log = new LogRecords();
        await using var server = await NodeAsync(connectionString: container.GetConnectionString(), services: log.Add);
        var token = await server.LogInAsync("ada");
        await using var first = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));
        token = first.Headers[TokenHeader];

        await container.StopAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await using var again = await EventStreamClient.ConnectAsync(server.Address, Own, headers: (TokenHeader, token));
            Assert.Equal(first.Session(), again.Session());
            // The client keeps the token that it has.
            Assert.DoesNotContain(TokenHeader, again.Headers.Keys);
        }

        Assert.Equal(401, await server.SubscribeStatusAsync(Own, (TokenHeader, token[..^3] + "AAA")));
        using var signOut = await server.SendAsync(HttpMethod.Delete, "events/session", [(TokenHeader, token)]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, signOut.StatusCode);
        Assert.Single(log.Records, record => record.Level is LogLevel.Warning && record.Message.Contains("by signature, expiry and binding alone", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    private async Task<StreamsServer> NodeAsync(
        Dictionary<string, string?>? settings = null, string? connectionString = null, Action<IServiceCollection>? services = null)
    {
        var options = ConfigurationOptions.Parse(connectionString ?? await redis.StartAsync());
        options.AbortOnConnectFail = false;
        var client = await ConnectionMultiplexer.ConnectAsync(options);
        _clients.Add(client);
        return await SecuredServer.StartAsync(
            new Dictionary<string, string?>(settings ?? []) { ["Streams:Redis:KeyPrefix"] = _prefix, ["Streams:Sessions:RotationGrace"] = "00:00:00" },
            services: collection =>
            {
                // The keys are to come from Redis, as they do where nobody says otherwise.
                collection.RemoveAll<IDataProtectionProvider>();
                collection.AddSingleton<IConnectionMultiplexer>(client);
                services?.Invoke(collection);
            });
    }
}
