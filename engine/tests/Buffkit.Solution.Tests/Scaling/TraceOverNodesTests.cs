using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Buffkit.Client;
using Buffkit.Migrations;
using Buffkit.Migrations.Postgres;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry.Trace;

namespace Buffkit.Tests;

/// <summary>What one order sets going is one trace, over the outbox, Redis, another server and the client.</summary>
/// <remarks>Alone: whoever records spans records those of the whole process.</remarks>
[Collection(nameof(TraceOverNodesTests))]
[CollectionDefinition(nameof(TraceOverNodesTests), DisableParallelization = true)]
public sealed class TraceOverNodesTests(PostgresServer postgres, RedisServer redis) : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("trace-");
    private readonly SpanList _spans = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Order_PublishedByTheOutboxAndReadOnAnotherNode_IsOneTrace()
    {
        var database = await postgres.CreateDatabaseAsync();
        await new MigrationRunner(
            new MigrationOptions { Engine = new PostgresEngine(), ConnectionString = database }, NullLogger<MigrationRunner>.Instance, TimeProvider.System).UpAsync(Stop);
        var settings = new Dictionary<string, string>
        {
            ["Database:Provider"] = "postgres",
            ["ConnectionStrings:appdb"] = database,
            ["ConnectionStrings:redis"] = await redis.StartAsync(),
            ["Streams:Redis:KeyPrefix"] = RedisServer.NewKeyPrefix(),
        };
        await using var first = new Node(_root.CreateSubdirectory("first"), settings, _spans);
        // Who records the spans of one records those of the process.
        await using var second = new Node(_root.CreateSubdirectory("second"), settings, null);
        using var publisher = first.CreateClient();
        using var reader = second.CreateClient();
        using var client = new Buffkit.Client.EventStreamClient(reader, new EventStreamClientOptions { Endpoint = new Uri(reader.BaseAddress!, "events") });
        var live = new TaskCompletionSource();
        await using var events = client.SubscribeAsync("orders/**", new SubscriptionOptions { OnLive = _ => live.TrySetResult() }, Stop).GetAsyncEnumerator(Stop);
        var next = events.MoveNextAsync();
        await live.Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);

        using var source = new ActivitySource(Node.TestSource);
        ActivityTraceId trace;
        using (var root = source.StartActivity("a customer orders"))
        {
            trace = root!.TraceId;
            using var response = await publisher.PostAsJsonAsync("orders", new { customer = "Ada", item = "Espresso" }, Stop);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        }

        Assert.True(await next);
        using (var processed = events.Current.StartActivity())
            Assert.Equal(trace, processed!.TraceId);

        Activity[] spans = [];
        string[] wanted = ["a customer orders", "POST /orders/", "add to outbox", "publish", "deliver", "process order.created"];
        await Eventually.TrueAsync(
            () =>
            {
                spans = [.. _spans.Where(span => span.TraceId == trace)];
                return wanted.All(name => spans.Any(span => span.DisplayName == name))
                    && spans.FirstOrDefault(span => span.DisplayName == "publish") is { } publish
                    && spans.Any(span => span.ParentSpanId == publish.SpanId && IsOfRedis(span));
            },
            () => $"all of {string.Join(", ", wanted)} and Redis in one trace, which has {string.Join(", ", spans.Select(span => span.DisplayName))}");

        string? Parent(string name)
        {
            var span = spans.Single(span => span.DisplayName == name);
            return spans.SingleOrDefault(other => other.SpanId == span.ParentSpanId)?.DisplayName;
        }

        Assert.Equal("POST /orders/", Parent("add to outbox"));
        Assert.Equal("add to outbox", Parent("publish"));
        Assert.Equal("add to outbox", Parent("deliver"));
        Assert.Equal("add to outbox", Parent("process order.created"));
        Assert.Contains(spans, span => span.Source.Name.StartsWith("Npgsql", StringComparison.Ordinal));
        var publish = spans.Single(span => span.DisplayName == "publish");
        Assert.Contains(spans, span => span.ParentSpanId == publish.SpanId && IsOfRedis(span));
        // Nobody reads on the first node.
        Assert.Single(spans, span => span.DisplayName == "deliver");
    }

    private static bool IsOfRedis(Activity span) => span.Source.Name.Contains("Redis", StringComparison.Ordinal);

    private sealed class SpanList : ConcurrentBag<Activity>, ICollection<Activity>
    {
        public bool IsReadOnly => false;

        public bool Contains(Activity item) => this.AsEnumerable().Contains(item);

        public bool Remove(Activity item) => throw new NotSupportedException();
    }

    private sealed class Node : WebApplicationFactory<Buffkit.Api.Order>
    {
        public const string TestSource = "Test";

        private readonly DirectoryInfo _folder;
        private readonly Dictionary<string, string> _settings;
        private readonly ICollection<Activity>? _spans;

        public Node(DirectoryInfo folder, Dictionary<string, string> settings, ICollection<Activity>? spans)
        {
            (_folder, _settings, _spans) = (folder, settings, spans);
            UseKestrel();
            StartServer();
        }

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseContentRoot(_folder.FullName).UseUrls("http://127.0.0.1:0");
            foreach (var (key, value) in _settings)
                builder.UseSetting(key, value);
            if (_spans is null)
                return;
            builder.ConfigureServices(services => services.ConfigureOpenTelemetryTracerProvider(
                tracing => tracing.AddSource(TestSource, EventStreamTelemetry.ActivitySourceName).AddInMemoryExporter(_spans)));
        }
    }
}
