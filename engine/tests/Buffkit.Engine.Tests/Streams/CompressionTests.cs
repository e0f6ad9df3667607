using System.Diagnostics;
using System.IO.Compression;
using System.Net.ServerSentEvents;
using System.Text;
using Buffkit.Streams;

namespace Buffkit.Tests;

public sealed class CompressionTests
{
    private static readonly (string, string)[] AcceptGzip = [("Accept-Encoding", "gzip, deflate, br")];

    [Fact]
    public async Task Stream_GzipAccepted_DecodesLiveEventByEvent()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", AcceptGzip);
        Assert.Equal("gzip", connection.Headers["Content-Encoding"]);
        Assert.Contains("Accept-Encoding", connection.Headers["Vary"], StringComparison.Ordinal);

        await using var plain = new GZipStream(connection.Body, CompressionMode.Decompress);
        await using var items = SseParser.Create(plain).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.Equal("stream.open", (await NextAsync(items)).EventType);
        Assert.Equal("stream.live", (await NextAsync(items)).EventType);

        // Each is published only after the former was read, so nothing waits for a block to fill.
        foreach (var data in new[] { "small", new string('x', 5_000), "", Noise(60_000) })
        {
            await server.Publisher.PublishAsync(EventDraft.Json(Topic.Parse("a"), "t", data), TestContext.Current.CancellationToken);
            Assert.Equal(data, (await NextAsync(items)).Data);
        }
    }

    [Fact]
    public async Task Stream_GzipAndEndedByTheServer_IsAWholeMemberWithAGoodChecksum()
    {
        var server = await StreamsServer.StartAsync();
        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", AcceptGzip);
        for (var i = 0; i < 50; i++)
            await server.PublishAsync("a", new string((char)('a' + (i % 26)), i * 40));
        var stopping = server.StopAsync();

        using var compressed = new MemoryStream();
        await connection.Body.CopyToAsync(compressed, TestContext.Current.CancellationToken);
        await stopping;
        await server.DisposeAsync();

        // gzip checks length and CRC of the whole; GZipStream would be content with less.
        var text = await RunAsync("gzip", ["-dc"], compressed.ToArray());
        Assert.Contains("stream.close", text, StringComparison.Ordinal);
        Assert.Equal(50, text.Split("event: test\n").Length - 1);
    }

    [Fact]
    public async Task Stream_LargeRepetitiveEvents_TakeFewerBytes()
    {
        var (plain, compressed) = (await SizeOfAsync([]), await SizeOfAsync(AcceptGzip));

        Assert.True(compressed * 10 < plain, $"{compressed} bytes against {plain}.");
    }

    [Fact]
    public async Task Frame_OfAnExcludedTopic_IsStoredNotCompressed()
    {
        var secret = await SizeOfAsync(AcceptGzip, new() { ["Streams:Compression:ExcludedTopics:0"] = "a/**" });

        Assert.True(secret > 20_000, $"{secret} bytes: the length tells of the content.");
    }

    [Theory]
    [InlineData("gzip;q=0")]
    [InlineData("br")]
    [InlineData("identity")]
    public async Task Stream_GzipNotAccepted_IsPlain(string acceptEncoding)
    {
        await using var server = await StreamsServer.StartAsync();

        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a", [("Accept-Encoding", acceptEncoding)]);

        Assert.False(connection.Headers.ContainsKey("Content-Encoding"));
    }

    [Fact]
    public async Task Curl_Compressed_ReadsTheStreamAsItGrows()
    {
        await using var server = await StreamsServer.StartAsync();
        using var curl = StartCurl($"{server.Address}events?topic=a");
        var lines = curl.StandardOutput;
        Assert.StartsWith("retry:", await lines.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var blank = 0;
        while (blank < 2)
            blank += await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } ? 0 : 1;

        var data = new string('y', 3_000);
        await server.PublishAsync("a", data);
        Assert.Equal("event: test", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("data: " + data, await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("id: ", await lines.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        curl.Kill();
    }

    [Fact]
    public void Crc32Span_JoinedPieces_AreTheChecksumOfTheWhole()
    {
        var random = new Random(7);
        var whole = new byte[100_000];
        random.NextBytes(whole);
        var joined = Crc32Span.Empty;
        for (var at = 0; at < whole.Length;)
        {
            var length = Math.Min(random.Next(0, 3_000), whole.Length - at);
            joined = joined.Then(Crc32Span.Of(whole.AsSpan(at, length)));
            at += length;
        }

        Assert.Equal((System.IO.Hashing.Crc32.HashToUInt32(whole), (uint)whole.Length), (joined.Crc, joined.Length));
    }

    private static async Task<int> SizeOfAsync((string, string)[] headers, Dictionary<string, string?>? settings = null)
    {
        var server = await StreamsServer.StartAsync(settings);
        await using var connection = await RawConnection.GetAsync(server.Address, "/events?topic=a/b", headers);
        await server.PublishAsync("a/b", new string('x', 20_000));
        var stopping = server.StopAsync();
        using var body = new MemoryStream();
        await connection.Body.CopyToAsync(body, TestContext.Current.CancellationToken);
        await stopping;
        await server.DisposeAsync();
        return (int)body.Length;
    }

    private static async Task<SseItem<string>> NextAsync(IAsyncEnumerator<SseItem<string>> items)
    {
        Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        return items.Current;
    }

    private static string Noise(int length) =>
        string.Create(length, new Random(11), static (text, random) => random.GetItems("abcdefghijklmnopqrstuvwxyz0123456789", text));

    private static Process StartCurl(string url) => Start("curl", ["-sN", "--compressed", "--max-time", "30", url]);

    private static Process Start(string program, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
                StandardOutputEncoding = Encoding.UTF8,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed.");
            throw;
        }
    }

    private static async Task<string> RunAsync(string program, string[] arguments, byte[] input)
    {
        using var process = Start(program, arguments);
        var reading = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return await reading;
    }
}
