using System.Net;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

public sealed class AuthorizationTests
{
    [Theory]
    [InlineData("public/a", 200, 200)]
    [InlineData("public/**", 200, 200)]
    [InlineData("user/ada/news", 401, 200)]
    [InlineData("user/ada", 401, 200)]
    [InlineData("user/ada/**", 401, 200)]
    [InlineData("user/ada/*", 401, 200)]
    [InlineData("user/bob/news", 401, 403)]
    [InlineData("user/*/news", 401, 403)]
    [InlineData("user/**", 401, 403)]
    [InlineData("user/ad*", 400, 400)]
    [InlineData("*/ada/news", 401, 403)]
    [InlineData("**", 401, 403)]
    [InlineData("*", 401, 403)]
    [InlineData("orders/1", 401, 403)]
    [InlineData("publicity", 401, 403)]
    [InlineData("user", 401, 403)]
    [InlineData("USER/ada/news", 401, 403)]
    [InlineData("user/Ada/news", 401, 403)]
    public async Task Subscribe_TopicOrFilter_IsAllowedOnlyWholly(string filter, int anonymous, int ada)
    {
        await using var server = await SecuredServer.StartAsync();

        Assert.Equal(anonymous, await server.SubscribeStatusAsync(filter));
        Assert.Equal(ada, await server.SubscribeStatusAsync(filter, TestAuthentication.As("ada")));
        // Together with an allowed one it is refused as well.
        await using var both = await RawConnection.GetAsync(
            server.Address, $"/events?topic=public/a&topic={Uri.EscapeDataString(filter)}", [TestAuthentication.As("ada")]);
        Assert.Equal(ada, both.Status);
    }

    [Theory]
    [InlineData("public/a", 401, 202)]
    [InlineData("user/ada/news", 401, 202)]
    [InlineData("user/bob/news", 401, 403)]
    [InlineData("orders/1", 401, 403)]
    public async Task Publish_Topic_IsAllowedToItsOwner(string topic, int anonymous, int ada)
    {
        await using var server = await SecuredServer.StartAsync();
        var before = server.Services.GetRequiredService<IEventLog>().State.Latest;

        using var first = await server.PublishAsync(topic, []);
        var after = server.Services.GetRequiredService<IEventLog>().State.Latest;
        using var second = await server.PublishAsync(topic, [TestAuthentication.As("ada")]);

        Assert.Equal((anonymous, ada), ((int)first.StatusCode, (int)second.StatusCode));
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task Publish_BodyForAForeignTopic_IsRefusedBeforeItIsRead()
    {
        await using var server = await SecuredServer.StartAsync();
        using var body = new StreamContent(new Unread()) { Headers = { ContentType = new("image/png"), ContentLength = 1_000_000 } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "events?topic=user/ada/a&type=t") { Content = body };
        var (name, value) = TestAuthentication.As("bob");
        request.Headers.TryAddWithoutValidation(name, value);
        // The body is sent when the server asks for it.
        request.Headers.ExpectContinue = true;

        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Publish_BatchWithOneForeignTopic_IsRefusedWhole()
    {
        await using var server = await SecuredServer.StartAsync();
        var before = server.Services.GetRequiredService<IEventLog>().State.Latest;
        using var body = new StringContent(
            """[{"topic":"user/ada/a","type":"t"},{"topic":"user/bob/a","type":"t"}]""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

        using var response = await server.SendAsync(HttpMethod.Post, "events", [TestAuthentication.As("ada")], body);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(before, server.Services.GetRequiredService<IEventLog>().State.Latest);
    }

    [Fact]
    public async Task Replay_ForeignTopics_AreNotRead()
    {
        await using var server = await SecuredServer.StartAsync();
        await using var before = await EventStreamClient.ConnectAsync(server.Address, "public/**");
        await server.PublishFromCodeAsync("user/bob/news", "bob's");
        await server.PublishFromCodeAsync("user/ada/news", "ada's");
        await server.PublishFromCodeAsync("orders/1", "closed");
        await server.PublishFromCodeAsync("user/ada", "ada's too");

        await using var client = await EventStreamClient.ConnectAsync(
            server.Address, "user/ada/**", before.OpenId, headers: TestAuthentication.As("ada"));

        Assert.Equal(["ada's", "ada's too"], await client.NextDataAsync(2));
        Assert.Equal(403, await server.SubscribeStatusAsync("user/**", TestAuthentication.As("ada"), ("Last-Event-ID", before.OpenId)));
    }

    [Theory]
    [InlineData("application/cloudevents-batch+json", "/events")]
    [InlineData("*/*", "/events")]
    public async Task Subscribe_ForeignTopic_IsRefusedOnEveryTransport(string accept, string path)
    {
        await using var server = await SecuredServer.StartAsync();

        await using var connection = await RawConnection.GetAsync(
            server.Address, $"{path}?topic=user/bob/a", [TestAuthentication.As("ada"), ("Accept", accept)]);
        await using var socket = await RawConnection.GetAsync(server.Address, "/events/ws?topic=user/bob/a",
        [
            TestAuthentication.As("ada"), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);

        Assert.Equal((403, 403), (connection.Status, socket.Status));
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("ada", 200)]
    [InlineData("bob", 403)]
    public async Task Presence_OfATopic_IsForWhoMaySubscribe(string? subject, int status)
    {
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Presence:Topics:0"] = "user/ada/room" });

        using var response = await server.SendAsync(
            HttpMethod.Get, "events/presence?topic=user/ada/room", subject is null ? [] : [TestAuthentication.As(subject)]);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("auth0|5f/../bob", "user/auth0%7C5f%2F..%2Fbob")]
    [InlineData("*", "user/%2A")]
    [InlineData("**", "user/%2A%2A")]
    [InlineData("ada/../bob", "user/ada%2F..%2Fbob")]
    public async Task Subject_WithWhatATopicMayNotHold_IsEscapedAndReachesNobodyElse(string subject, string topic)
    {
        await using var server = await SecuredServer.StartAsync();

        Assert.Equal(topic, UserTopic.For(subject).Value);
        Assert.Equal(200, await server.SubscribeStatusAsync(topic, TestAuthentication.As(subject)));
        Assert.Equal(403, await server.SubscribeStatusAsync("user/bob/x", TestAuthentication.As(subject)));
        Assert.Equal(403, await server.SubscribeStatusAsync("user/*/x", TestAuthentication.As(subject)));
    }

    [Fact]
    public async Task Policy_OfTheApplication_DecidesOnTheRestAndSeesTheSessionsClaims()
    {
        await using var server = await SecuredServer.StartAsync(
            new() { ["Streams:Sessions:Claims:0"] = "role" },
            services: services => services.AddAuthorizationBuilder().AddPolicy(TopicAuthorizationOptions.PolicyName, policy => policy
                .RequireClaim("role", "watcher")
                .RequireAssertion(context => context.Resource is TopicAccess access && access.Filter.IsWithin(TopicFilter.Parse("orders/**")))));
        var token = await server.LogInAsync("ada");

        Assert.Equal(200, await server.SubscribeStatusAsync("orders/*", (TokenHeader, token)));
        Assert.Equal(401, await server.SubscribeStatusAsync("orders/*"));
        Assert.Equal(403, await server.SubscribeStatusAsync("**", TestAuthentication.As("ada")));
    }

    [Fact]
    public async Task Authorization_Replaced_IsTheOnlyOneAsked()
    {
        await using var server = await SecuredServer.StartAsync(services: services =>
            services.AddSingleton<ITopicAuthorization>(new OnlySubjects()));

        Assert.Equal(401, await server.SubscribeStatusAsync("public/a"));
        Assert.Equal(200, await server.SubscribeStatusAsync("**", TestAuthentication.As("ada")));
    }

    [Theory]
    [InlineData("Development", null, 200, 1)]
    [InlineData("Production", null, 401, 0)]
    [InlineData("Development", "Closed", 401, 0)]
    [InlineData("Production", "Open", 200, 1)]
    public async Task Default_OpenInDevelopmentOnly_SaysSoOnce(string environment, string? configured, int status, int said)
    {
        var log = new LogRecords();
        await using var server = await SecuredServer.StartAsync(new() { ["Streams:Authorization:Default"] = configured }, services: services =>
        {
            log.Add(services);
            services.AddSingleton<Microsoft.Extensions.Hosting.IHostEnvironment>(new Named(environment));
        });
        await server.SubscribeStatusAsync("orders/**");

        Assert.Equal(status, await server.SubscribeStatusAsync("orders/**"));
        Assert.Equal(said, log.Records.Count(record => record.Level is LogLevel.Warning && record.Message.Contains("open to everybody", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b", false)]
    [InlineData("a", "a/**", true)]
    [InlineData("a/b/c", "a/**", true)]
    [InlineData("a/**", "a/**", true)]
    [InlineData("a/b/**", "a/**", true)]
    [InlineData("a/**", "a/b/**", false)]
    [InlineData("a/*", "a/*", true)]
    [InlineData("a/*", "a/b", false)]
    [InlineData("a/b", "a/*", true)]
    [InlineData("a/b/c", "a/*", false)]
    [InlineData("a/**", "a/*", false)]
    [InlineData("a/*/c", "a/**", true)]
    [InlineData("*", "**", true)]
    [InlineData("**", "*", false)]
    [InlineData("a", "a/*", false)]
    [InlineData("a/*", "*/**", true)]
    [InlineData("ab", "a", false)]
    public void IsWithin_Filters_MeansEveryMatchedTopic(string filter, string allowed, bool within)
    {
        Assert.Equal(within, TopicFilter.Parse(filter).IsWithin(TopicFilter.Parse(allowed)));
    }

    private sealed class OnlySubjects : ITopicAuthorization
    {
        public ValueTask<bool> IsAllowedAsync(TopicAccess access, CancellationToken cancellationToken) =>
            ValueTask.FromResult(access.User.HasClaim(claim => claim.Type == "sub"));
    }

    private sealed class Named(string name) : Microsoft.Extensions.Hosting.IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "test";

        public string ContentRootPath { get; set; } = Path.GetTempPath();

        public Microsoft.Extensions.FileProviders.IFileProvider ContentRootFileProvider { get; set; } =
            new Microsoft.Extensions.FileProviders.NullFileProvider();
    }

    private sealed class Unread : MemoryStream
    {
        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The server asked for the body.");
    }
}
