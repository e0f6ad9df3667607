using System.Collections;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Buffkit.Tests;

/// <summary>
/// Requests that a seeded generator makes of valid parts, mutations and noise: ten thousand, or as many as are answered in the
/// minutes that <c>FUZZ_MINUTES</c> says.
/// </summary>
[Collection(MeasuredTests.Name)]
public sealed class FuzzTests
{
    private const int Requests = 10_000;
    private const int Clients = 8;

    // What the runtime's heap may differ by between two moments of the same load.
    private const long Growth = 16L * 1024 * 1024;

    private static readonly TimeSpan? Time =
        Environment.GetEnvironmentVariable("FUZZ_MINUTES") is { Length: > 0 } minutes ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture)) : null;

    [Theory]
    [InlineData(20260901)]
    public async Task Requests_AtRandom_LeaveNoServerErrorAndNothingBehind(int seed)
    {
        var token = "";
        var log = new LogRecords(record => record.Level >= LogLevel.Error || (token.Length > 0 && record.Message.Contains(token, StringComparison.Ordinal)));
        await using var server = await SecuredServer.StartAsync(
            new()
            {
                ["Streams:Limits:ConnectionsPerAddress"] = "500", ["Streams:Limits:ConnectionsPerSession"] = "5",
                ["Streams:Limits:ConnectsPerMinute"] = "100000", ["Streams:Limits:ConnectsPerMinutePerAddress"] = "1000000",
                ["Streams:Limits:PublishesPerSecond"] = "1000", ["Streams:Limits:PublishesPerSecondPerAddress"] = "1000000",
                ["Streams:Encryption:Topics:0"] = "user/*/health", ["Streams:Encryption:KeyFile"] = Path.Combine(Path.GetTempPath(), $"fuzz-{Guid.NewGuid():N}.json"),
            },
            services: log.Add);
        token = await server.LogInAsync("ada");
        var statuses = new Dictionary<int, int>();

        var started = TimeProvider.System.GetTimestamp();
        long warm = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            var make = new RandomRequest(new Random(seed + client), token, server.Address.Authority);
            for (var i = 0; Time is { } time ? TimeProvider.System.GetElapsedTime(started) < time : i < Requests / Clients; i++)
            {
                // After as many as fill the tail and what else is bounded.
                if (client == 0 && i == Requests)
                    warm = GC.GetTotalMemory(forceFullCollection: true);
                var request = make.Next();
                var status = await SendAsync(server.Address, request);
                Assert.True(status < 500, $"seed {seed}, client {client}, request {i}: {status} to\n{request}");
                lock (statuses)
                    statuses[status] = statuses.GetValueOrDefault(status) + 1;
            }
        }));

        // It is no test of one answer only.
        Assert.All((int[])[200, 202, 400, 401, 403, 404], status => Assert.True(statuses.GetValueOrDefault(status) > 5, $"{status}: {string.Join(", ", statuses)}"));
        Assert.Empty(log.Records);
        if (warm > 0)
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - warm, long.MinValue, Growth);
        TestContext.Current.TestOutputHelper?.WriteLine($"{statuses.Values.Sum()} requests: {string.Join(", ", statuses)}; heap {warm:N0} bytes when warm, {GC.GetTotalMemory(false):N0} at the end");
        await AssertNothingIsLeftAsync(server);
        Assert.Equal(200, await server.SubscribeStatusAsync("public/a"));
    }

    private static async Task AssertNothingIsLeftAsync(StreamsServer server)
    {
        var services = server.Services;
        var (connections, limits) = (services.GetRequiredService<ConnectionSet>(), services.GetRequiredService<ConnectionLimits>());
        await Eventually.TrueAsync(() => connections is { Count: 0, IndexNodes: 1 } && limits.Open == 0, "connections to end");
        Assert.Equal(0, ((MemoryConnectionCounts)services.GetRequiredService<IConnectionCounts>()).Keys);
        // One good token was in play, whatever was made of it.
        Assert.InRange(((MemorySessionStore)services.GetRequiredService<ISessionStore>()).Count, 0, 1);
        Assert.InRange(services.GetRequiredService<SessionPace>().Count, 0, 1);
        var rates = services.GetRequiredService<RequestLimits>();
        await Eventually.TrueAsync(() => Partitions(rates) == 0, "idle rate limiters to be dropped", TimeSpan.FromMinutes(2));
    }

    // The framework tells nobody how many partitions it keeps.
    private static int Partitions(RequestLimits rates)
    {
        const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;
        var count = 0;
        foreach (var rate in rates.All)
        {
            var limiter = typeof(Rate).GetField("_limiter", Private)!.GetValue(rate);
            count += limiter is null ? 0 : ((ICollection)limiter.GetType().GetField("_limiters", Private)!.GetValue(limiter)!).Count;
        }

        return count;
    }

    /// <returns>The status; 0 where the server closed without one.</returns>
    private static async Task<int> SendAsync(Uri server, string request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        var head = new byte[64];
        var length = 0;
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
            while (length < 12)
            {
                var read = await socket.ReceiveAsync(head.AsMemory(length), TestContext.Current.CancellationToken);
                if (read == 0)
                    return 0;
                length += read;
            }
        }
        catch (SocketException)
        {
            return 0;
        }

        // Half of the clients vanish, half say goodbye.
        socket.LingerState = new LingerOption(request.Length % 2 == 0, 0);
        return int.Parse(Encoding.ASCII.GetString(head, 9, 3), CultureInfo.InvariantCulture);
    }

    private sealed class RandomRequest(Random random, string token, string authority)
    {
        private static readonly string[] Topics = ["public/a", "public/**", "user/ada/x", "user/ada/**", "user/bob/x", "user/ada/health", "**", "a//b", "*", "", "orders/1", "a/../b"];
        private static readonly string[] Paths = ["/events", "/events", "/events", "/events/ws", "/events/session", "/events/keys", "/events/nothing", "/"];
        private static readonly string[] Ids = ["k3x9m2qp-41", "x", "", "0-0", "aaaa-99999999999999999999", "zzzzzzzz-7"];
        private static readonly string[] Accepts = ["*/*", "text/event-stream", "application/cloudevents-batch+json", "text/html", "garbage", "text/event-stream;q=0", ";;;"];
        private static readonly string[] Types = ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json", "text/plain", "application/jose", "\"", "multipart/form-data"];
        private static readonly string[] Bodies =
        [
            """{"topic":"user/ada/x","type":"t","data":1}""", """[{"topic":"public/a","type":"t"}]""", "{", "[]", "null", "", """{"topic":1}""",
            """{"specversion":"1.0","id":"1","source":"s","type":"t","topic":"user/ada/x"}""", "\0\u0001\u00ff", new string('[', 2_000),
        ];

        public string Next()
        {
            var method = Any("GET", "GET", "GET", "GET", "POST", "POST", "POST", "POST", random.Next(2) == 0 ? "DELETE" : "PUT");
            var body = method is "POST" or "PUT" ? Seldom(Any(Bodies)) : "";
            var request = new StringBuilder($"{method} {(method == "POST" && random.Next(3) > 0 ? "/events" : Any(Paths))}{(method == "POST" && random.Next(8) > 0 ? PublishQuery() : Query())} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
            Maybe("Authorization", Any("Test ada", "Test ada", "Test bob", "Test ", "Bearer x", Mutated("Test ada")), 0.6);
            Maybe("Session-Token", Any(token, Mutated(token), Noise(20)));
            Maybe("Cookie", $"event-session={Any(token, Mutated(token), Noise(20))}");
            Maybe("Last-Event-ID", Mutated(Any(Ids)));
            Maybe("Accept", Any(Accepts), 0.3);
            Maybe("Accept-Encoding", Any("gzip", "gzip;q=0", "br", Noise(5)));
            Maybe("Origin", Any($"http://{authority}", "https://evil.example", "null", Noise(8)), 0.1);
            Maybe("Sec-Fetch-Site", Any("same-origin", "cross-site", "none", Noise(4)), 0.1);
            Maybe("Idempotency-Key", Any("a", Noise(30), new string('k', 300)), 0.1);
            Maybe("X-Forwarded-For", Any("203.0.113.7", Noise(10)));
            Maybe("ce-specversion", Any("1.0", "2.0", Noise(3)), 0.1);
            Maybe("Upgrade", "websocket", 0.1);
            Maybe("Sec-WebSocket-Key", Any("dGhlIHNhbXBsZSBub25jZQ==", Noise(6)), 0.1);
            Maybe("Content-Encoding", Any("gzip", "br", "identity", Noise(4)), 0.1);
            if (body.Length > 0)
                request.Append(CultureInfo.InvariantCulture, $"Content-Type: {Any(Types)}\r\nContent-Length: {body.Length}\r\n");
            return request.Append("\r\n").Append(body).ToString();

            void Maybe(string name, string value, double chance = 0.4)
            {
                // A line break would begin another header: that is the injection test's business, and some of it comes through here.
                if (random.NextDouble() < chance)
                    request.Append(name).Append(": ").Append(random.Next(50) == 0 ? value : value.ReplaceLineEndings("").Replace("\0", "", StringComparison.Ordinal)).Append("\r\n");
            }
        }

        private string PublishQuery() => random.Next(3) switch
        {
            0 => $"?topic={Escaped(Seldom(Any(Topics)))}&type={Escaped(Any("t", "stream.open", ""))}{(random.Next(2) == 0 ? $"&key={Escaped(Noise(4))}" : "")}",
            _ => "",
        };

        private string Query()
        {
            var query = new StringBuilder("?wait=0");
            for (var i = random.Next(8) / 4; i >= 0; i--)
                query.Append("&topic=").Append(Escaped(Seldom(Any(Topics))));
            foreach (var (name, value) in new[] { ("after", Any([.. Ids, "earliest"])), ("lastEventId", Any(Ids)), ("heartbeat", Any("event", "x")), ("format", Any("raw", "cloudevents", "html", "x")), ("type", Any("t", "stream.open", "")), ("key", Noise(4)), ("wait", Any("1", "-1", "x")) })
            {
                if (random.Next(12) == 0)
                    query.Append('&').Append(name).Append('=').Append(Escaped(value));
            }

            return query.ToString();
        }

        private string Seldom(string text) => random.Next(4) == 0 ? Mutated(text) : text;

        private string Escaped(string text) => random.Next(40) == 0 ? "%" + Uri.EscapeDataString(text) : Uri.EscapeDataString(text);

        private string Mutated(string text)
        {
            if (text.Length == 0 || random.Next(3) == 0)
                return text;
            var at = random.Next(text.Length);
            return random.Next(4) switch
            {
                0 => text[..at],
                1 => text[..at] + Noise(3) + text[at..],
                2 => text[..at] + text[(at + 1)..],
                _ => text + text[at..],
            };
        }

        private string Noise(int length) => string.Concat(
            // Bytes beyond ASCII end at the web server; some are enough.
            Enumerable.Range(0, random.Next(length + 1)).Select(_ => random.Next(200) == 0 ? (char)random.Next(1, 256) : (char)random.Next(' ', '\x7f')));

        private string Any(params string[] values) => values[random.Next(values.Length)];
    }
}
