using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;

namespace Buffkit.Tests;

/// <summary>An event carries the trace that it came from.</summary>
public sealed class TraceTests : IDisposable
{
    private const string Requests = "Microsoft.AspNetCore";

    private readonly Activity _root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C);
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _spans = [];

    public TraceTests()
    {
        _root.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        // Other tests run beside this one, and are to record nothing.
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is StreamsTelemetry.ActivitySourceName or Requests,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.TraceId == _root.TraceId || options.Links?.Any(link => link.Context.TraceId == _root.TraceId) is true
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.Source.Name != Requests)
                    _spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task Publish_WithinATrace_TheEventCarriesItAndItsDeliveryGoesOnWithIt()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");

        _root.Start();
        var id = await server.Publisher.PublishAsync("orders/1", "order.created", 1, cancellationToken: Stop);
        _root.Stop();

        var told = JsonSerializer.Deserialize<JsonElement>((await client.NextAsync()).Data);
        await Eventually.TrueAsync(() => _spans.Count == 2, "two spans");
        var (publish, deliver) = (_spans.Single(span => span.OperationName == "publish"), _spans.Single(span => span.OperationName == "deliver"));
        Assert.Equal(publish.Id, told.GetProperty("traceparent").GetString());
        Assert.Equal(_root.SpanId, publish.ParentSpanId);
        Assert.Equal(publish.SpanId, deliver.ParentSpanId);
        Assert.Equal(ActivityKind.Producer, publish.Kind);
        Assert.Equal(ActivityKind.Consumer, deliver.Kind);
        Assert.All(_spans, span => Assert.Equal("orders/1", span.GetTagItem("messaging.destination.name")));
        Assert.All(_spans, span => Assert.Equal(id.ToString(), span.GetTagItem("messaging.message.id")));
    }

    [Fact]
    public async Task Publish_NobodySubscribes_NothingIsDelivered()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var other = await EventStreamClient.ConnectAsync(server.Address, "others");

        _root.Start();
        await server.Publisher.PublishAsync("orders/1", "t", 1, cancellationToken: Stop);
        await server.Publisher.PublishAsync("others", "t", 2, cancellationToken: Stop);
        _root.Stop();
        await other.NextAsync();
        await Eventually.TrueAsync(() => _spans.Any(span => span.OperationName == "deliver"), "the delivery");

        Assert.Equal("others", Assert.Single(_spans, span => span.OperationName == "deliver").GetTagItem("messaging.destination.name"));
    }

    [Fact]
    public async Task Publish_CloudEventWithATraceOfItsOwn_KeepsIt()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");

        // The trace does not begin before it has an id.
        _root.Start();
        var own = $"00-{_root.TraceId}-b7ad6b7169203331-01";
        var draft = EventDraft.Json(Topic.Parse("a"), "t", 1) with
        {
            CloudEvent = new CloudEventAttributes("1", "/s", null, null, null, null, [new CloudEventExtension("traceparent", own)]),
        };
        await server.Publisher.TryPublishAsync([draft], cancellationToken: Stop);
        _root.Stop();

        var told = (await client.NextAsync()).Data;
        Assert.Equal(own, JsonSerializer.Deserialize<JsonElement>(told).GetProperty("traceparent").GetString());
        Assert.Equal(2, told.Split("traceparent").Length);
        await Eventually.TrueAsync(() => _spans.Any(span => span.OperationName == "deliver"), "the delivery");
        var deliver = _spans.Single(span => span.OperationName == "deliver");
        Assert.Equal(_spans.Single(span => span.OperationName == "publish").SpanId, deliver.ParentSpanId);
        Assert.Equal("b7ad6b7169203331", Assert.Single(deliver.Links).Context.SpanId.ToString());
    }

    [Fact]
    public async Task Publish_TraceIsNotSampled_TheEventCarriesNone()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");
        using var other = new Activity("other").SetIdFormat(ActivityIdFormat.W3C).Start();

        await server.Publisher.PublishAsync("a", "t", 1, cancellationToken: Stop);

        Assert.DoesNotContain("traceparent", (await client.NextAsync()).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-01")]
    public async Task Publish_TraceIsNone_IsDeliveredAsItIs(string trace)
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");
        var draft = EventDraft.Json(Topic.Parse("a"), "t", 1) with
        {
            CloudEvent = new CloudEventAttributes("1", "/s", null, null, null, null, [new CloudEventExtension("traceparent", trace)]),
        };

        await server.Publisher.TryPublishAsync([draft], cancellationToken: Stop);

        Assert.Equal(trace, JsonSerializer.Deserialize<JsonElement>((await client.NextAsync()).Data).GetProperty("traceparent").GetString());
    }

    [Fact]
    public async Task Publish_CloudEventWithAStateAlone_GetsNoOtherTraceBesideIt()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");
        var draft = EventDraft.Json(Topic.Parse("a"), "t", 1) with
        {
            CloudEvent = new CloudEventAttributes("1", "/s", null, null, null, null, [new CloudEventExtension("tracestate", "vendor=1")]),
        };

        _root.Start();
        await server.Publisher.TryPublishAsync([draft], cancellationToken: Stop);
        _root.Stop();

        Assert.DoesNotContain("traceparent", (await client.NextAsync()).Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ProducersBatchOfSeveralTraces_LinksThemAndMarksNone()
    {
        await using var server = await StreamsServer.StartAsync();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "**", more: "&format=cloudevents");
        _root.Start();
        var marked = EventDraft.Json(Topic.Parse("a"), "t", 1) with { TraceParent = _root.Id };
        _root.Stop();
        var unmarked = EventDraft.Json(Topic.Parse("a"), "t", 2);
        var publisher = server.Services.GetRequiredService<EventPublisher>();

        await publisher.TryPublishAsync([marked, unmarked], new ProducerSequence("p", 1), Stop);

        Assert.Equal(_root.Id, JsonSerializer.Deserialize<JsonElement>((await client.NextAsync()).Data).GetProperty("traceparent").GetString());
        Assert.DoesNotContain("traceparent", (await client.NextAsync()).Data, StringComparison.Ordinal);
        var publish = _spans.Single(span => span.OperationName == "publish");
        Assert.Equal(default, publish.ParentSpanId);
        Assert.Equal(_root.TraceId, Assert.Single(publish.Links).Context.TraceId);
    }

    [Fact]
    public async Task Publish_Fails_TheSpanSaysSo()
    {
        await using var server = await StreamsServer.StartAsync(new() { ["Streams:Limits:EventBytes"] = "16" });
        _root.Start();
        await Assert.ThrowsAsync<ArgumentException>(async () => await server.Publisher.PublishAsync("a", "t", new string('x', 20), cancellationToken: Stop));
        _root.Stop();

        var span = Assert.Single(_spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("System.ArgumentException", span.GetTagItem("error.type"));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\0")]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-0\n")]
    [InlineData("")]
    public void Draft_TraceIsNone_HasNone(string trace) =>
        Assert.Null((EventDraft.Json(Topic.Parse("a"), "t", 1) with { TraceParent = trace }).TraceParent);

    [Fact]
    public async Task Publish_SameRequestInAnotherTrace_IsTheSame()
    {
        await using var server = await StreamsServer.StartAsync();
        var draft = EventDraft.Json(Topic.Parse("a"), "t", 1);
        var first = await server.Publisher.TryPublishAsync([draft], new Idempotency("k"), Stop);
        _root.Start();
        var second = await server.Publisher.TryPublishAsync([draft], new Idempotency("k"), Stop);
        _root.Stop();

        Assert.Equal(AppendStatus.Appended, first.Status);
        Assert.Equal(AppendStatus.AlreadyAppended, second.Status);
    }

    [Fact]
    public async Task Subscribe_WithinATrace_HasASpanOfItsOwnThatEndsAtOnce()
    {
        await using var server = await StreamsServer.StartAsync();
        _root.Start();
        await using var client = await EventStreamClient.ConnectAsync(server.Address, "a", headers: ("traceparent", _root.Id!));
        _root.Stop();

        await Eventually.TrueAsync(() => !_spans.IsEmpty, "the span");
        var span = Assert.Single(_spans);
        Assert.Equal("subscribe", span.OperationName);
        Assert.Equal("sse", span.GetTagItem(StreamsTelemetry.TransportTag));
        Assert.Equal("new", span.GetTagItem(StreamsTelemetry.OutcomeTag));
        Assert.Equal(client.Open.GetProperty("session").GetString(), span.GetTagItem(StreamsTelemetry.SessionTag));
    }
}
