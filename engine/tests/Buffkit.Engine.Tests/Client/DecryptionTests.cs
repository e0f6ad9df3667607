using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.ClientKit;
using StreamEvent = Buffkit.Client.StreamEvent;

namespace Buffkit.Tests;

/// <summary>Keys that are odd, foreign or not there.</summary>
public sealed class DecryptionTests
{
    private static readonly byte[] KeyOfA = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] KeyOfB = [.. Enumerable.Repeat((byte)2, 32)];

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("no JSON")]
    [InlineData("{\"keys\":5}")]
    [InlineData("{\"keys\":[5]}")]
    [InlineData("{\"keys\":[{\"kid\":\"k\",\"k\":\"%%%\"}]}")]
    [InlineData("{\"keys\":[{\"kid\":\"k\",\"k\":\"AAAA\"}]}")]
    [InlineData("{\"keys\":[{\"kid\":\"k\"}]}")]
    [InlineData("{\"keys\":[{\"kid\":\"k\",\"k\":\"\\ud800\"}]}")]
    public async Task KeySetThatIsOdd_IsAskedForAFewTimes_ThenTheEventIsGivenOnAsItCame(string keySet)
    {
        var (read, server) = await ReadAsync([Encrypted("e-1", "a", "k", KeyOfA), Event("e-2", "clear")], (_, _) => Json(keySet));

        Assert.Equal([(true, "e-1"), (false, "e-2")], read.Select(e => (e.IsEncrypted, e.Id)));
        Assert.Equal(3, KeyRequests(server));
    }

    [Fact]
    public async Task KeySetThatIsOddForAMoment_IsWaitedFor()
    {
        var (read, _) = await ReadAsync([Encrypted("e-1", "a", "k", KeyOfA)], (_, number) => Json(number == 0 ? "{}" : Set("k", KeyOfA)));

        Assert.Equal((false, "secret"), (read[0].IsEncrypted, read[0].Text));
    }

    [Fact]
    public async Task KeySetWithOneOddKey_OpensWithTheOthers()
    {
        var good = Set("k", KeyOfA);
        var (read, server) = await ReadAsync([Encrypted("e-1", "a", "k", KeyOfA)], (_, _) => Json(good.Replace("[", "[{\"kid\":\"other\",\"k\":\"%\"},", StringComparison.Ordinal)));

        Assert.False(read[0].IsEncrypted);
        Assert.Equal(1, KeyRequests(server));
    }

    [Fact]
    public async Task CallerWhoIsRefusedOnce_AsksAgainWithItsNextToken()
    {
        var time = new FakeTimeProvider();
        using var server = Server([Encrypted("e-1", "a", "k", KeyOfA)], (_, number) => number == 0 ? new(HttpStatusCode.Unauthorized) : Json(Set("k", KeyOfA)));
        var options = SseOnly;
        var tokens = 0;
        options.AccessToken = _ => ValueTask.FromResult<string?>($"token-{++tokens}");
        using var client = ClientOf(server, options, time);

        var read = await client.SubscribeAsync("a", null, Token).ReadAsync(1).WhileTimePassesAsync(time);

        Assert.False(Assert.Single(read).IsEncrypted);
        Assert.Equal(2, KeyRequests(server));
    }

    // What leads to another host for good is odd, as a page to sign in at may be.
    [Theory]
    [InlineData(401, 1)]
    [InlineData(308, 3)]
    public async Task CallerWhoIsRefusedForAMoment_HasTheKeyForTheNextEvent(int status, int times)
    {
        var (read, _) = await ReadAsync(
            [Encrypted("e-1", "a", "k", KeyOfA), Encrypted("e-2", "a", "k", KeyOfA)],
            (_, number) => number < times ? new((HttpStatusCode)status) { Headers = { Location = new Uri("https://login.test/") } } : Json(Set("k", KeyOfA)));

        Assert.Equal([true, false], read.Select(e => e.IsEncrypted));
    }

    [Fact]
    public async Task KeyOfAnotherTopic_OpensNothing()
    {
        var (read, _) = await ReadAsync(
            [Encrypted("e-1", "a", "k-a", KeyOfA), Encrypted("e-2", "b", "k-a", KeyOfA), Encrypted("e-3", "b", "k-b", KeyOfB)],
            (topic, _) => Json(topic == "a" ? Set("k-a", KeyOfA) : Set("k-b", KeyOfB)));

        Assert.Equal([false, true, false], read.Select(e => e.IsEncrypted));
    }

    [Fact]
    public async Task KeyThatNobodyHas_IsAskedForOnceAMinute()
    {
        var time = new FakeTimeProvider();
        var first = Enumerable.Range(0, 1_000).Select(i => Encrypted($"e-{i}", "a", "unknown", KeyOfB));
        var later = Encrypted("e-later", "a", "unknown", KeyOfB);
        using var server = Server([.. first, later], (_, number) => Json(number == 0 ? "{\"keys\":[]}" : Set("unknown", KeyOfB)));
        using var client = ClientOf(server, time: time);
        var encrypted = 0;

        await foreach (var e in client.SubscribeAsync("a", null, Token))
        {
            encrypted += e.IsEncrypted ? 1 : 0;
            if (e.Id == "e-999")
                time.Advance(TimeSpan.FromMinutes(1));
            if (e.Id == "e-later")
                break;
        }

        Assert.Equal((1_000, 2), (encrypted, KeyRequests(server)));
    }

    private static async Task<(List<StreamEvent> Read, ScriptedServer Server)> ReadAsync(string[] events, Func<string, int, HttpResponseMessage> keys)
    {
        var time = new FakeTimeProvider();
        using var server = Server(events, keys);
        using var client = ClientOf(server, time: time);
        return (await client.SubscribeAsync("a", null, Token).ReadAsync(events.Length).WhileTimePassesAsync(time), server);
    }

    private static ScriptedServer Server(string[] events, Func<string, int, HttpResponseMessage> keys)
    {
        var asked = 0;
        return new ScriptedServer((request, _) => request.RequestUri!.AbsolutePath == "/events/keys"
            ? keys(request.RequestUri.Query["?topic=".Length..], asked++)
            : ScriptedServer.Stream(Open + string.Concat(events), BodyEnd.Stall));
    }

    private static int KeyRequests(ScriptedServer server) => server.Requests.Count(request => request.PathAndQuery.StartsWith("/events/keys", StringComparison.Ordinal));

    private static HttpResponseMessage Json(string text) => new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/jwk-set+json") };

    private static string Set(string id, byte[] key) => $"{{\"keys\":[{{\"kty\":\"oct\",\"kid\":\"{id}\",\"k\":\"{Base64Url.EncodeToString(key)}\"}}]}}";

    private static string Encrypted(string id, string topic, string keyId, byte[] key)
    {
        var head = Base64Url.EncodeToString(Bytes($"{{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"{keyId}\",\"topic\":\"{topic}\",\"type\":\"t\",\"cty\":\"text/plain\"}}"));
        byte[] nonce = new byte[12], tag = new byte[16], plain = Bytes("secret"), ciphertext = new byte[plain.Length];
        using var aes = new AesGcm(key, tag.Length);
        aes.Encrypt(nonce, plain, ciphertext, tag, Bytes(head));
        var jwe = $"{head}..{Base64Url.EncodeToString(nonce)}.{Base64Url.EncodeToString(ciphertext)}.{Base64Url.EncodeToString(tag)}";
        return $"id: {id}\nevent: t\ndata: {{\"specversion\":\"1.0\",\"id\":\"{id}\",\"source\":\"/events\",\"type\":\"t\",\"topic\":\"{topic}\",\"datacontenttype\":\"application/jose\",\"data\":\"{jwe}\"}}\n\n";
    }
}
