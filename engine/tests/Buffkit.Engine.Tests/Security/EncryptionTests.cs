using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Buffkit.Streams;
using Buffkit.Streams.Encryption;
using Jose;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace Buffkit.Tests;

public sealed class EncryptionTests(RedisServer redis) : IDisposable
{
    private const string Own = "user/ada/health";
    private const string Secret = "the secret of Ada";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("keys-");
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData("raw")]
    [InlineData("cloudevents")]
    [InlineData("html")]
    public async Task Event_OnAnEncryptedTopic_TravelsAsJweThatTheKeyOpens(string format)
    {
        await using var server = await StartAsync();
        await using var client = await ConnectAsync(server, more: $"&format={format}");
        await server.PublishFromCodeAsync(Own, Secret);

        var data = (await client.NextAsync()).Data;
        var compact = data;
        if (format == "cloudevents")
        {
            var cloudEvent = JsonSerializer.Deserialize<JsonElement>(data);
            Assert.Equal("application/jose", cloudEvent.GetProperty("datacontenttype").GetString());
            compact = cloudEvent.GetProperty("data").GetString()!;
        }

        var header = JWT.Headers(compact);
        Assert.Equal(("dir", "A256GCM", Own, "t", "application/json"), (header["alg"], header["enc"], header["topic"], header["type"], header["cty"]));
        Assert.DoesNotContain("zip", header.Keys);
        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(server, compact));
    }

    [Fact]
    public async Task Log_OfAnEncryptedTopic_HoldsCiphertextOnly()
    {
        await using var server = await StartAsync();
        await server.PublishFromCodeAsync(Own, Secret);
        await server.PublishFromCodeAsync("public/a", "in clear");

        var log = server.Services.GetRequiredService<IEventLog>();
        var read = await log.ReadAsync(log.State.Oldest.Previous, 10, int.MaxValue, TestContext.Current.CancellationToken);

        Assert.DoesNotContain(Secret, Encoding.UTF8.GetString(read.Events[0].Data.Span), StringComparison.Ordinal);
        Assert.Equal("\"in clear\"", Encoding.UTF8.GetString(read.Events[1].Data.Span));
    }

    [Fact]
    public async Task Event_ForManyClients_IsEncryptedOnce()
    {
        await using var server = await StartAsync();
        await using var one = await ConnectAsync(server);
        await using var two = await ConnectAsync(server);
        await server.PublishFromCodeAsync(Own, Secret);

        Assert.Equal((await one.NextAsync()).Data, (await two.NextAsync()).Data);
    }

    [Fact]
    public async Task Keys_OfATopic_AreForWhoMaySubscribe()
    {
        await using var server = await StartAsync();

        Assert.Equal(200, await KeysStatusAsync(server, Own, "ada"));
        Assert.Equal(403, await KeysStatusAsync(server, Own, "bob"));
        Assert.Equal(401, await KeysStatusAsync(server, Own, null));
        Assert.Equal(404, await KeysStatusAsync(server, "user/ada/plain", "ada"));
        Assert.Equal(400, await KeysStatusAsync(server, "user/ada/**", "ada"));
        Assert.Equal(400, await KeysStatusAsync(server, "", "ada"));
    }

    [Fact]
    public async Task Keys_OfAnotherTopic_OpenNothing()
    {
        await using var server = await StartAsync();
        await using var client = await ConnectAsync(server);
        await server.PublishFromCodeAsync(Own, Secret);
        var compact = (await client.NextAsync()).Data;

        var others = await KeysAsync(server, "user/bob/health", "bob");

        Assert.DoesNotContain((string)JWT.Headers(compact)["kid"], others.Keys);
        Assert.All(others.Values, key => Assert.ThrowsAny<JoseException>(() => JWT.Decode(compact, key)));
    }

    [Fact]
    public async Task Key_TooOld_IsReplacedAndKeptUntilItsTimeIsOver()
    {
        await using var server = await StartAsync(new()
        {
            ["Streams:Encryption:KeyLifetime"] = "1.00:00:00", ["Streams:Encryption:KeepKeysFor"] = "2.00:00:00",
            ["Streams:Log:MaxAge"] = "00:00:00", ["Streams:Delivery:MaxAge"] = "00:00:00",
        });
        await using var client = await ConnectAsync(server);
        await server.PublishFromCodeAsync(Own, Secret);
        var old = (await client.NextAsync()).Data;

        _time.Advance(TimeSpan.FromDays(1));
        await server.PublishFromCodeAsync(Own, "new");
        var young = (await client.NextAsync()).Data;

        Assert.NotEqual(JWT.Headers(old)["kid"], JWT.Headers(young)["kid"]);
        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(server, old));
        Assert.Equal("\"new\"", await OpenAsync(server, young));

        _time.Advance(TimeSpan.FromDays(2));
        await server.PublishFromCodeAsync(Own, "newest");
        Assert.DoesNotContain((string)JWT.Headers(old)["kid"], (await KeysAsync(server, Own, "ada")).Keys);
    }

    [Fact]
    public async Task Keys_AtRest_AreProtectedAndSurviveARestart()
    {
        string compact;
        IReadOnlyDictionary<string, byte[]> keys;
        await using (var server = await StartAsync())
        {
            await using var client = await ConnectAsync(server);
            await server.PublishFromCodeAsync(Own, Secret);
            compact = (await client.NextAsync()).Data;
            keys = await KeysAsync(server, Own, "ada");
            var secrets = await server.Services.GetRequiredService<IEventKeyStore>().LoadAsync(TestContext.Current.CancellationToken);
            var file = await File.ReadAllTextAsync(Path.Combine(_root.FullName, "data", "event-keys.json"), TestContext.Current.CancellationToken);
            Assert.DoesNotContain(Convert.ToBase64String(secrets[0].Secret), file, StringComparison.Ordinal);
        }

        await using var restarted = await StartAsync();

        Assert.Equal(keys.Keys, (await KeysAsync(restarted, Own, "ada")).Keys);
        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(restarted, compact));
    }

    [Fact]
    public async Task Keys_OfServersWithOneRedis_OpenEachOthersEvents()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        Dictionary<string, string?> settings = new() { ["Streams:Redis:KeyPrefix"] = RedisServer.NewKeyPrefix() };
        await using var one = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        await using var two = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        await using var stream = await ConnectAsync(one);
        await one.PublishFromCodeAsync(Own, Secret);
        var compact = (await stream.NextAsync()).Data;

        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(two, compact));
    }

    [Fact]
    public async Task Keys_RedisEmptied_AreThereAgainOnEveryServer()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        var prefix = RedisServer.NewKeyPrefix();
        Dictionary<string, string?> settings = new() { ["Streams:Redis:KeyPrefix"] = prefix };
        await using var one = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        await using var two = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        await using var stream = await ConnectAsync(one);
        await one.PublishFromCodeAsync(Own, Secret);
        var compact = (await stream.NextAsync()).Data;

        await client.GetDatabase().KeyDeleteAsync(prefix + ":event-keys");
        // Nobody publishes any more: the watch finds out.
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(EventKeyWatch.Interval);
                return client.GetDatabase().KeyExists(prefix + ":event-keys");
            },
            "the keys to be put back");

        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(two, compact));
    }

    [Fact]
    public async Task Keys_RedisEmptiedAndServersReplaced_StillOpenOldEvents()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        var prefix = RedisServer.NewKeyPrefix();
        string compact;
        await using (var old = await StartWithKeysInRedisAsync(client, prefix))
        {
            await using var stream = await ConnectAsync(old);
            await old.PublishFromCodeAsync(Own, Secret);
            compact = (await stream.NextAsync()).Data;
            foreach (var key in client.GetServers()[0].Keys(pattern: $"*{prefix}*").ToArray())
                await client.GetDatabase().KeyDeleteAsync(key);
            await KeysAsync(old, Own, "ada");
        }

        await using var started = await StartWithKeysInRedisAsync(client, prefix);

        Assert.Equal(JsonSerializer.Serialize(Secret), await OpenAsync(started, compact));
    }

    [Fact]
    public async Task Keys_StoreEmptiedAndLogInANewEpoch_ArePutBackBeforeThePublisherIsAnswered()
    {
        await using var server = await StartAsync();
        var encryption = server.Services.GetRequiredService<IEventEncryption>();
        var store = server.Services.GetRequiredService<IEventKeyStore>();
        await server.PublishFromCodeAsync(Own, Secret);
        var key = Assert.Single(await store.LoadAsync(TestContext.Current.CancellationToken));
        await store.RemoveAsync([key], TestContext.Current.CancellationToken);

        await encryption.AppendedAsync(server.Services.GetRequiredService<IEventLog>().State.Epoch, TestContext.Current.CancellationToken);
        Assert.Empty(await store.LoadAsync(TestContext.Current.CancellationToken));
        await encryption.AppendedAsync(Epoch.New(), TestContext.Current.CancellationToken);

        Assert.Equal(key.Secret, Assert.Single(await store.LoadAsync(TestContext.Current.CancellationToken)).Secret);
    }

    [Fact]
    public async Task Keys_ThatCannotBeRead_AreSpokenOfOnce()
    {
        await using (var server = await StartAsync())
            await server.PublishFromCodeAsync(Own, Secret);
        _root.CreateSubdirectory("protection").Delete(recursive: true);

        var log = new LogRecords();
        await using var restarted = await StartAsync(services: log.Add);
        await restarted.PublishFromCodeAsync(Own, Secret);
        await KeysAsync(restarted, Own, "ada");
        await KeysAsync(restarted, Own, "ada");

        Assert.Single(log.Records, record => record.Message.Contains("cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeyFile_OverOneThatWasLeftHalfWritten_IsItsOwnersAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no modes.");
        var path = Path.Combine(_root.CreateSubdirectory("data").FullName, "event-keys.json");
        await File.WriteAllTextAsync(path + ".new", "{", TestContext.Current.CancellationToken);
        await using var server = await StartAsync();

        await server.PublishFromCodeAsync(Own, Secret);

#pragma warning disable CA1416 // Skipped above where it is not supported.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
#pragma warning restore CA1416
    }

    [Fact]
    public async Task KeepKeysFor_ShorterThanTheLogRetainsEvents_IsRefusedAtStart()
    {
        var error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => StartAsync(new() { ["Streams:Encryption:KeepKeysFor"] = "01:00:00" }));

        Assert.Contains("Streams:Encryption:KeepKeysFor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fingerprint_OfAnEncryptedEvent_CannotBeMadeWithoutTheServersSecret()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(await redis.StartAsync());
        var prefix = RedisServer.NewKeyPrefix();
        Dictionary<string, string?> settings = new() { ["Streams:Redis:KeyPrefix"] = prefix };
        await using var one = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        await using var two = await StartAsync(settings, services => services.AddSingleton<IConnectionMultiplexer>(client));
        using var first = await one.PublishAsync(Own, [TestAuthentication.As("ada"), ("Idempotency-Key", "k")]);
        using var retry = await two.PublishAsync(Own, [TestAuthentication.As("ada"), ("Idempotency-Key", "k")]);
        using var plain = await one.PublishAsync("user/ada/plain", [TestAuthentication.As("ada"), ("Idempotency-Key", "other")]);

        Assert.Equal("true", retry.Headers.GetValues("Idempotency-Replayed").Single());
        var database = client.GetDatabase();
        var keys = client.GetServers()[0].Keys(pattern: $"*{prefix}*idempotency*").ToArray();
        var stored = keys.Select(key => database.HashGet(key, "fingerprint").ToString()).ToArray();
        Assert.Equal(2, stored.Length);
        Assert.Contains(Guess("user/ada/plain"), stored);
        Assert.DoesNotContain(Guess(Own), stored);

        static string Guess(string topic) => Convert.ToHexStringLower(SHA256.HashData(
            [.. "application/json\n\n"u8, .. JsonSerializer.SerializeToUtf8Bytes(new { topic, type = "t", data = 1 })]));
    }

    [Fact]
    public async Task Publish_KeysOutOfReach_IsUnavailableAndNeverInClear()
    {
        // A directory stands where the file should.
        Directory.CreateDirectory(Path.Combine(_root.FullName, "data", "event-keys.json"));
        await using var server = await StartAsync();
        var log = server.Services.GetRequiredService<IEventLog>();

        using var response = await server.PublishAsync(Own, [TestAuthentication.As("ada")]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(0, log.State.Latest.Sequence);
    }

    [Fact]
    public async Task Payload_ThatOnlyCallsItselfJose_TravelsAsBinary()
    {
        await using var server = await StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "public/a");
        using var body = new ByteArrayContent("x\n\nevent: stream.close\ndata: {}\n\n"u8.ToArray()) { Headers = { ContentType = new("application/jose") } };

        using var response = await server.SendAsync(HttpMethod.Post, "events?topic=public/a&type=t", [TestAuthentication.As("ada")], body);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.StartsWith("data:application/jose;base64,", (await client.NextAsync()).Data, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Delete(recursive: true);

    private Task<StreamsServer> StartAsync(Dictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null) =>
        SecuredServer.StartAsync(
            new(settings ?? [])
            {
                ["Streams:Encryption:Topics:0"] = "user/*/health",
                ["Streams:Encryption:KeyFile"] = Path.Combine(_root.FullName, "data", "event-keys.json"),
                // The clock stands still; nothing is to wait for it.
                ["Streams:Delivery:BatchDelay"] = "00:00:00",
            },
            _time,
            collection =>
            {
                collection.RemoveAll<IDataProtectionProvider>();
                collection.AddDataProtection().PersistKeysToFileSystem(_root.CreateSubdirectory("protection"));
                services?.Invoke(collection);
            });

    private Task<StreamsServer> StartWithKeysInRedisAsync(ConnectionMultiplexer client, string prefix) => SecuredServer.StartAsync(
        new() { ["Streams:Encryption:Topics:0"] = "user/*/health", ["Streams:Redis:KeyPrefix"] = prefix, ["Streams:Delivery:BatchDelay"] = "00:00:00" },
        _time,
        services =>
        {
            // The keys are to come from Redis, as they do where nobody says otherwise.
            services.RemoveAll<IDataProtectionProvider>();
            services.AddSingleton<IConnectionMultiplexer>(client);
        });

    private static Task<EventStreamClient> ConnectAsync(StreamsServer server, string more = "") =>
        EventStreamClient.ConnectAsync(server.Address, Own, more: more, headers: TestAuthentication.As("ada"));

    private static async Task<string> OpenAsync(StreamsServer server, string compact)
    {
        var keys = await KeysAsync(server, Own, "ada");
        return JWT.Decode(compact, keys[(string)JWT.Headers(compact)["kid"]], JweAlgorithm.DIR, JweEncryption.A256GCM);
    }

    private static async Task<IReadOnlyDictionary<string, byte[]>> KeysAsync(StreamsServer server, string topic, string subject)
    {
        using var response = await server.SendAsync(HttpMethod.Get, $"events/keys?topic={topic}", [TestAuthentication.As(subject)]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        var set = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return set.GetProperty("keys").EnumerateArray().ToDictionary(
            key => key.GetProperty("kid").GetString()!, key => System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("k").GetString()));
    }

    private static async Task<int> KeysStatusAsync(StreamsServer server, string topic, string? subject)
    {
        using var response = await server.SendAsync(
            HttpMethod.Get, $"events/keys?topic={Uri.EscapeDataString(topic)}", subject is null ? [] : [TestAuthentication.As(subject)]);
        return (int)response.StatusCode;
    }
}
