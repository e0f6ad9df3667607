using System.Net;
using System.Security.Cryptography;
using System.Text;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>Whose an <c>Idempotency-Key</c> is, where anonymous callers may publish too.</summary>
public sealed class IdempotencyOwnerTests
{
    private const string Replayed = "Idempotency-Replayed";

    private static readonly Dictionary<string, string?> Open = new() { ["Streams:Authorization:Default"] = "Open" };

    [Fact]
    public async Task Key_AnonymousCallerSpellsASubjectsStoredKey_DoesNotMeetIt()
    {
        await using var server = await SecuredServer.StartAsync(Open);
        foreach (var spelled in Spellings("ada", "order-4711"))
        {
            using var stranger = await server.PublishAsync("a", [("Idempotency-Key", spelled)]);
            Assert.Equal(HttpStatusCode.Accepted, stranger.StatusCode);
        }

        using var adas = await server.PublishAsync("b", [TestAuthentication.As("ada"), ("Idempotency-Key", "order-4711")]);

        Assert.Equal(HttpStatusCode.Accepted, adas.StatusCode);
    }

    [Fact]
    public async Task Key_AnonymousCallerProbesWhatASubjectPublished_SeesNoReplay()
    {
        await using var server = await SecuredServer.StartAsync(Open);
        using var bobs = await server.PublishAsync("a", [TestAuthentication.As("bob"), ("Idempotency-Key", "k")]);

        foreach (var spelled in Spellings("bob", "k"))
        {
            using var probe = await server.PublishAsync("a", [("Idempotency-Key", spelled)]);
            Assert.Equal((HttpStatusCode.Accepted, false), (probe.StatusCode, probe.Headers.Contains(Replayed)));
        }
    }

    [Fact]
    public async Task Key_OfAnAnonymousSession_IsItsOwn()
    {
        await using var server = await SecuredServer.StartAsync(Open);
        await using var one = await EventStreamClient.ConnectAsync(server.Address, "a");
        await using var other = await EventStreamClient.ConnectAsync(server.Address, "a");
        (string, string) key = ("Idempotency-Key", "k");

        using var ones = await server.PublishAsync("a", [(TokenHeader, one.Headers[TokenHeader]), key]);
        using var others = await server.PublishAsync("b", [(TokenHeader, other.Headers[TokenHeader]), key]);
        using var nobodys = await server.PublishAsync("c", [key]);
        using var again = await server.PublishAsync("a", [(TokenHeader, one.Headers[TokenHeader]), key]);

        Assert.Equal(
            (HttpStatusCode.Accepted, HttpStatusCode.Accepted, HttpStatusCode.Accepted), (ones.StatusCode, others.StatusCode, nobodys.StatusCode));
        Assert.True(again.Headers.Contains(Replayed));
    }

    [Fact]
    public async Task Key_OfCallersWithoutASession_BelongsToTheirAddress()
    {
        await using var server = await SecuredServer.StartAsync(new(Open) { ["Streams:Proxies:Addresses:0"] = "127.0.0.1" });
        (string, string) key = ("Idempotency-Key", "k");

        using var here = await server.PublishAsync("a", [("X-Forwarded-For", "198.51.100.1"), key]);
        using var elsewhere = await server.PublishAsync("b", [("X-Forwarded-For", "198.51.100.2"), key]);
        using var again = await server.PublishAsync("a", [("X-Forwarded-For", "198.51.100.1"), key]);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (here.StatusCode, elsewhere.StatusCode));
        Assert.True(again.Headers.Contains(Replayed));
    }

    // What is, was, or might be stored for a subject's key, as far as a header can spell it.
    private static IEnumerable<string> Spellings(string subject, string key)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{subject}\n{key}")));
        return [hash, $"subject:{hash}", $"subject+{hash}", $"subject%20{hash}"];
    }
}
