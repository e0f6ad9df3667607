using System.Collections.Concurrent;
using System.Net;
using Buffkit.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Buffkit.Tests.ClientKit;
using StreamClient = Buffkit.Client.EventStreamClient;

namespace Buffkit.Tests;

/// <summary>Servers that lead elsewhere, over real sockets: what is said of the caller stays with its server.</summary>
public sealed class RedirectTests
{
    [Theory]
    [InlineData(false, 301)]
    [InlineData(true, 308)]
    public async Task Redirect_ToAnotherOriginForGood_EndsWithItsName_AndTellsItNothing(bool isOfServices, int status)
    {
        await using var other = await SmallServer.StartAsync(http => Task.CompletedTask);
        await using var server = await SmallServer.StartAsync(http => Answer(http, status, $"{other.Address}events"));
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        var services = new ServiceCollection();
        services.AddEventStreamClient().ConfigureHttpClient(one => one.BaseAddress = server.Address);
        await using var provider = services.BuildServiceProvider();
        using var alone = new StreamClient(http);
        var client = isOfServices ? provider.GetRequiredService<StreamClient>() : alone;

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("a", null, Token).ReadAsync());

        Assert.Contains(other.Address.Authority, e.Message, StringComparison.Ordinal);
        Assert.Equal(status, (int)e.StatusCode!);
        Assert.Empty(other.Requests);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    public async Task Redirect_ToAnotherOriginForATime_IsANetworkThatFails(int status)
    {
        var asked = 0;
        await using var other = await SmallServer.StartAsync(http => Task.CompletedTask);
        await using var server = await SmallServer.StartAsync(http =>
            Interlocked.Increment(ref asked) < 3 ? Answer(http, status, $"{other.Address}closed") : StreamAsync(http, Open + Event("e-1", "a")));
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http, new EventStreamClientOptions { BackoffStart = TimeSpan.FromMilliseconds(1), Transports = [EventStreamTransport.ServerSentEvents] });
        var states = new List<string?>();

        var read = await client.SubscribeAsync("a", new SubscriptionOptions { OnState = state => states.Add(state.Reason) }, Token).ReadAsync(1);

        Assert.Equal("e-1", Assert.Single(read).Id);
        Assert.Empty(other.Requests);
        Assert.Contains(states, reason => reason?.Contains(other.Address.Authority, StringComparison.Ordinal) is true);
    }

    [Fact]
    public async Task Publish_ToAServerThatLeadsToAnotherOrigin_FailsWithItsName()
    {
        await using var other = await SmallServer.StartAsync(http => Task.CompletedTask);
        await using var server = await SmallServer.StartAsync(http => Answer(http, 308, $"{other.Address}events"));
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token));

        Assert.Contains(other.Address.Authority, e.Message, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_WithinTheOrigin_IsFollowed(int status)
    {
        await using var server = await SmallServer.StartAsync(http =>
            http.Request.Path == "/events" ? Answer(http, status, $"/moved{http.Request.QueryString}") : StreamAsync(http, Open + Event("e-1", "a")));
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Add("X-Tenant", "one");
        using var client = new StreamClient(http, SseOnly);

        Assert.Equal("a", Assert.Single(await client.SubscribeAsync("a", null, Token).ReadAsync(1)).Text);

        Assert.Equal(["/events?topic=a&format=cloudevents one", "/moved?topic=a&format=cloudevents one"], server.Requests.Select(request => $"{request.Target} {request.Tenant}"));
    }

    [Fact]
    public async Task Redirect_OfAPublishWithinTheOrigin_TakesItsBodyAlong()
    {
        string? body = null;
        await using var server = await SmallServer.StartAsync(async http =>
        {
            if (http.Request.Path == "/events")
            {
                await Answer(http, 307, "/moved");
                return;
            }

            body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            http.Response.StatusCode = 202;
            await http.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["id"] = "e-1" });
        });
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http);

        Assert.Equal("e-1", await client.PublishAsync(EventToPublish.PlainText("a", "t", "x"), cancellationToken: Token));
        Assert.Contains("\"topic\":\"a\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_InACircle_Ends()
    {
        await using var server = await SmallServer.StartAsync(http => Answer(http, 308, $"/events{http.Request.QueryString}"));
        using var http = new HttpClient(StreamClient.CreateHandler()) { BaseAddress = server.Address };
        using var client = new StreamClient(http, SseOnly);

        var e = await Assert.ThrowsAsync<EventStreamException>(() => client.SubscribeAsync("a", null, Token).ReadAsync());

        Assert.Equal(HttpStatusCode.PermanentRedirect, e.StatusCode);
        Assert.InRange(server.Requests.Count, 2, 10);
    }

    [Fact]
    public async Task SessionToken_OfAnotherOriginThatAHandlerFollowedTo_IsNotTaken()
    {
        await using var other = await SmallServer.StartAsync(http =>
        {
            http.Response.Headers["Session-Token"] = "foreign";
            return StreamAsync(http, Open + Event("e-1", "a"));
        });
        var requests = 0;
        await using var server = await SmallServer.StartAsync(http => Interlocked.Increment(ref requests) == 1
            ? Answer(http, 307, $"{other.Address}events")
            : Answer(http, 204));
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = true };
        using var http = new HttpClient(handler) { BaseAddress = server.Address };
        using var client = new StreamClient(http, SseOnly);

        await client.SubscribeAsync("a", null, Token).ReadAsync();

        Assert.Equal([null, null], server.Requests.Select(request => request.Session));
    }

    private static Task Answer(HttpContext http, int status, string? location = null)
    {
        http.Response.StatusCode = status;
        if (location is not null)
            http.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private static Task StreamAsync(HttpContext http, string text)
    {
        http.Response.ContentType = "text/event-stream";
        return http.Response.WriteAsync(text);
    }

    /// <summary>A server that answers every request in one way, and notes them.</summary>
    private sealed class SmallServer(WebApplication app) : IAsyncDisposable
    {
        public Uri Address { get; } = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

        public ConcurrentQueue<(string Target, string? Session, string? Tenant)> Requests { get; private init; } = new();

        public static async Task<SmallServer> StartAsync(RequestDelegate answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            builder.Logging.ClearProviders();
            var app = builder.Build();
            var requests = new ConcurrentQueue<(string, string?, string?)>();
            app.Run(http =>
            {
                requests.Enqueue(($"{http.Request.Path}{http.Request.QueryString}", (string?)http.Request.Headers["Session-Token"], (string?)http.Request.Headers["X-Tenant"]));
                return answer(http);
            });
            await app.StartAsync(Token);
            return new SmallServer(app) { Requests = requests };
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
