using System.IO.Compression;
using System.Net;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using static Buffkit.Tests.SecuredServer;

namespace Buffkit.Tests;

/// <summary>Bodies of publish calls that cost more than they are worth: unasked for, slow, many at once, small and expanding.</summary>
public sealed class PublishBodyTests
{
    private const int Announced = 4 * 1024 * 1024;

    private static readonly byte[] Part = new byte[60_000];

    [Theory]
    [InlineData("/events", "application/json")]
    [InlineData("/events", "application/cloudevents+json")]
    [InlineData("/events?topic=user/bob/a", "application/cloudevents-batch+json")]
    [InlineData("/events?topic=user/bob/a&type=t", "text/plain")]
    public async Task Body_OfWhoMayNotPublish_IsNotWaitedFor(string path, string contentType)
    {
        await using var server = await StartAsync();

        await using var refused = await RawConnection.PostPartAsync(server.Address, path, [("Content-Type", contentType)], Announced, [], TestContext.Current.CancellationToken);

        Assert.Equal(401, refused.Status);
        Assert.Equal(0, Bodies(server).Addresses);
    }

    [Fact]
    public async Task Body_OfAUserOnATopicOfSomebodyElse_IsNotWaitedFor()
    {
        await using var server = await StartAsync();

        await using var refused = await RawConnection.PostPartAsync(
            server.Address, "/events?topic=user/bob/a", [("Content-Type", "application/cloudevents+json"), TestAuthentication.As("ada")], Announced, [], TestContext.Current.CancellationToken);

        Assert.Equal(403, refused.Status);
    }

    [Fact]
    public async Task Body_ThatDoesNotComeInTime_Is408AndLeavesNothing()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await StartAsync(new() { ["Streams:Limits:BodyTimeout"] = "00:00:10" }, time);

        var answer = SlowAsync(server, "ada", TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Bodies(server).Addresses == 1, "the first part to be held");
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(11));
                return answer.IsCompleted;
            },
            "the server to end its wait");

        await using var late = await answer;
        Assert.Equal((408, "close"), (late.Status, late.Headers["Connection"]));
        await Eventually.TrueAsync(() => Bodies(server).Addresses == 0, "its bytes to be given back");
    }

    [Theory]
    [InlineData("BodyBytesInFlightPerAddress", 429)]
    [InlineData("BodyBytesInFlight", 503)]
    public async Task Bodies_TogetherLargerThanAllowed_AreRefusedUntilOthersAreThrough(string setting, int status)
    {
        await using var server = await StartAsync(new() { [$"Streams:Limits:{setting}"] = "100000" });
        using var leaving = new CancellationTokenSource();
        var first = SlowAsync(server, "ada", leaving.Token);
        await Eventually.TrueAsync(() => Bodies(server).Addresses == 1, "the first part to be held");

        await using (var second = await SlowAsync(server, "bob", TestContext.Current.CancellationToken))
        {
            Assert.Equal(status, second.Status);
            Assert.Equal("1", second.Headers["Retry-After"]);
            Assert.Contains($"Streams:Limits:{setting})", await TextAsync(second), StringComparison.Ordinal);
        }

        using (var small = await server.PublishAsync("user/bob/a", [TestAuthentication.As("bob")]))
            Assert.Equal(HttpStatusCode.Accepted, small.StatusCode);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Eventually.TrueAsync(() => Bodies(server).Addresses == 0, "the bytes to be given back");
    }

    [Fact]
    public async Task Body_ThatExpands_CountsByWhatItBecame()
    {
        await using var server = await StartAsync(new() { ["Streams:Limits:BodyBytesInFlightPerAddress"] = "100000" });
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(new byte[200_000], TestContext.Current.CancellationToken);
        var content = new ByteArrayContent(packed.ToArray()) { Headers = { ContentType = new("image/png"), ContentEncoding = { "gzip" } } };

        using var refused = await server.SendAsync(HttpMethod.Post, "events?topic=user/ada/a&type=t", [TestAuthentication.As("ada")], content);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        await Eventually.TrueAsync(() => Bodies(server).Addresses == 0, "the bytes to be given back");
    }

    private static PublishBodyReader Bodies(StreamsServer server) => server.Services.GetRequiredService<PublishBodyReader>();

    // Begins to publish, and does not go on.
    private static Task<RawConnection> SlowAsync(StreamsServer server, string subject, CancellationToken leave) =>
        RawConnection.PostPartAsync(
            server.Address, $"/events?topic=user/{subject}/a&type=t", [("Content-Type", "image/png"), TestAuthentication.As(subject)], Announced, Part, leave);

    private static async Task<string> TextAsync(RawConnection connection)
    {
        using var reader = new StreamReader(connection.Body);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
