using System.Xml.Linq;
using Buffkit.Streams;
using Buffkit.Streams.Redis;
using Buffkit.Streams.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using IConnectionMultiplexer = StackExchange.Redis.IConnectionMultiplexer;

namespace Buffkit.Tests;

/// <summary>What an application says on the builder, and what it gets; misunderstandings are errors at the start.</summary>
public sealed class BuilderTests(RedisServer redis)
{
    [Theory]
    [InlineData("Streams:Encryption:Topics:0", false, "AddEncryption()")]
    [InlineData("Streams:Encryption:Topics", false, "AddEncryption()")]
    [InlineData("Streams:Encryption:Topics", true, "Streams__Encryption__Topics__0")]
    public void Topics_ToEncryptThatNothingEncrypts_AreAnErrorAtStart(string key, bool encryption, string says)
    {
        using var provider = Services(new() { [key] = "user/**" }, streams => _ = encryption ? streams.AddEncryption() : streams).BuildServiceProvider();

        var e = Assert.ThrowsAny<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_ThatTheApplicationHasForOtherThings_ChangesNothing()
    {
        await using var other = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        var services = Services([], _ => { }).AddSingleton<IConnectionMultiplexer>(other);
        await using var provider = services.BuildServiceProvider();

        Assert.IsType<MemoryEventLog>(provider.GetRequiredService<IEventLog>());
    }

    // The application's connection for other things is another than the one it gives the engine.
    [Fact]
    public async Task Redis_OfAConnectionThatIsGiven_IsThatOneAndStaysTheApplications()
    {
        await using var others = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync("localhost:1,abortConnect=false");
        await using var given = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        var services = Services([], streams => streams.AddRedis(_ => given, options => options.KeyPrefix = RedisServer.NewKeyPrefix()))
            .AddSingleton<IConnectionMultiplexer>(others);
        await using (var provider = services.BuildServiceProvider())
        {
            var log = provider.GetRequiredService<IEventLog>();

            var appended = await log.AppendAsync(new AppendRequest([EventDraft.Json(Topic.Parse("a"), "t", 1)]), TestContext.Current.CancellationToken);

            Assert.Equal(AppendStatus.Appended, appended.Status);
        }

        Assert.True(given.IsConnected);
        Assert.NotEqual(TimeSpan.Zero, await given.GetDatabase().PingAsync());
    }

    // AddRedis before and after the parts that it shares, and without a client of the application's.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redis_OfAConnectionString_HoldsTheLogAndTheKeys(bool first)
    {
        var services = Services(
            new() { ["ConnectionStrings:redis"] = await redis.StartAsync(), ["Streams:Redis:KeyPrefix"] = RedisServer.NewKeyPrefix() },
            streams => _ = first ? streams.AddRedis().AddEncryption() : streams.AddEncryption().AddRedis());
        await using var provider = services.BuildServiceProvider();

        Assert.IsType<RedisEventLog>(provider.GetRequiredService<IEventLog>());
        Assert.IsType<RedisKeyStore>(provider.GetRequiredService<IEventKeyStore>());
    }

    // Servers of different folders, as after a deployment: by default the folder is the name under which keys are made.
    [Theory]
    [InlineData(null, "events")]
    [InlineData("Shop", "Shop")]
    public async Task SharedKeys_OfServersInDifferentFolders_HaveOneName(string? own, string name)
    {
        var services = Services(new() { ["ConnectionStrings:redis"] = await redis.StartAsync() }, streams => streams.AddRedis().ShareDataProtectionKeys());
        if (own is not null)
            services.AddDataProtection().SetApplicationName(own);
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(name, provider.GetRequiredService<IOptions<DataProtectionOptions>>().Value.ApplicationDiscriminator);
    }

    [Fact]
    public void KeysPutBackTwice_AreReadOnce()
    {
        var store = new ListOfElements(new XElement("key", new XAttribute("id", 1)), new XElement("key", new XAttribute("id", 1)));

        Assert.Single(new RememberingXmlRepository(store).GetAllElements());
    }

    [Fact]
    public async Task Endpoint_LeftOut_IsNotThere()
    {
        await using var server = await StreamsServer.StartAsync(endpoints: endpoints => endpoints.Publish = false);

        using var content = new StringContent("""{"topic":"a","type":"t","data":1}""", System.Text.Encoding.UTF8, "application/json");
        using var published = await server.Http.PostAsync(new Uri("events", UriKind.Relative), content, TestContext.Current.CancellationToken);
        await using var stream = await EventStreamClient.ConnectAsync(server.Address, "a");
        var id = await server.Publisher.PublishAsync("a", "t", new { n = 1 }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.MethodNotAllowed, published.StatusCode);
        var item = await stream.NextAsync();
        while (item.EventType != "t")
            item = await stream.NextAsync();
        Assert.Equal((id.ToString(), """{"n":1}"""), (item.EventId, item.Data));
    }

    [Fact]
    public async Task Idempotency_OfAPlainKey_TakesARequestOnceAndRefusesAnother()
    {
        await using var server = await StreamsServer.StartAsync();

        await AssertIdempotentAsync(server.Publisher);
        await AssertIdempotentAsync(new FakeEventPublisher());
    }

    private static async Task AssertIdempotentAsync(IEventPublisher publisher)
    {
        var cancellation = TestContext.Current.CancellationToken;
        EventDraft Draft(int n) => EventDraft.Json(Topic.Parse("a"), "t", n);

        var first = await publisher.TryPublishAsync([Draft(1)], new Idempotency("k"), cancellation);
        var again = await publisher.TryPublishAsync([Draft(1)], new Idempotency("k"), cancellation);
        var other = await publisher.TryPublishAsync([Draft(2)], new Idempotency("k"), cancellation);

        Assert.Equal((AppendStatus.Appended, AppendStatus.AlreadyAppended, AppendStatus.KeyConflict), (first.Status, again.Status, other.Status));
        Assert.Equal(first.Ids, again.Ids);
    }

    private static ServiceCollection Services(Dictionary<string, string?> settings, Action<EventStreamsBuilder> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings);
        configure(builder.Services.AddEventStreams());
        var services = new ServiceCollection();
        foreach (var service in builder.Services)
            ((IServiceCollection)services).Add(service);
        services.AddSingleton<IConfiguration>(builder.Configuration);
        return services;
    }

    private sealed class ListOfElements(params XElement[] elements) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => elements;

        public void StoreElement(XElement element, string friendlyName) => Assert.Fail("Nothing was lost.");
    }
}
