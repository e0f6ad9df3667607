using System.Diagnostics.Metrics;
using Buffkit.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Buffkit.Tests;

/// <summary>Log, tail, dispatch and connections without HTTP. Nothing happens by itself: a test publishes, feeds the tail, connects.</summary>
internal sealed class DeliveryEngine : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionSet _connections = new();
    private readonly MemoryEventLog _log;
    private readonly StreamsMetrics _metrics;
    private readonly DeliveryContext _context;
    private readonly TailFeeder _feeder;
    private readonly ReplayReader _replay;
    private readonly WakePacer _pacer;
    private EventId _fed;

    /// <param name="options">What is not the product's default; a wake is never delayed.</param>
    /// <param name="time">The clock.</param>
    public DeliveryEngine(StreamsOptions options, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        options.Delivery.BatchDelay = TimeSpan.Zero;
        var wrapped = Options.Create(options);
        _log = new MemoryEventLog(options.Log, time);
        Start = _fed = _log.State.Latest;
        Tail = new EventTail(options.Tail);
        var encoder = new FrameEncoder(wrapped);
        _metrics = new StreamsMetrics(_services.GetRequiredService<IMeterFactory>(), encoder, Tail, _log, wrapped);
        Measured = new Measurements(_services);
        _replay = new ReplayReader(_log, null);
        _context = new DeliveryContext(Tail, _replay, encoder, _metrics, wrapped, time);
        _pacer = new WakePacer(wrapped, time);
        _feeder = new TailFeeder(_log, Tail, _connections, _pacer, _metrics, time, NullLogger<TailFeeder>.Instance);
        _feeder.Begin(Start);
    }

    /// <summary>What its instruments say.</summary>
    public Measurements Measured { get; }

    /// <summary>The cursor before the first event.</summary>
    public EventId Start { get; }

    public EventTail Tail { get; }

    /// <summary>Appends an event to the log; the tail does not have it yet.</summary>
    public async Task<EventId> PublishAsync(Topic topic, string? key = null)
    {
        var draft = new EventDraft { Topic = topic, Type = "t", Data = new byte[100], ContentType = "application/octet-stream", Key = key };
        var result = await _log.AppendAsync(new AppendRequest([draft]), TestContext.Current.CancellationToken);
        return result.Ids[0];
    }

    /// <summary>Lets the tail come up to the log, and offers what is new to those who asked for it.</summary>
    public async Task FeedAsync()
    {
        var read = await _log.ReadAsync(_fed, 1_000, int.MaxValue, TestContext.Current.CancellationToken);
        if (read.Events.Count == 0)
            return;
        _feeder.Feed(read);
        _fed = read.Events[^1].Id;
    }

    /// <summary>Appends events and feeds them.</summary>
    public async Task<EventId[]> PublishAndFeedAsync(string topic, int count, Func<int, string?>? key = null)
    {
        var ids = new EventId[count];
        for (var i = 0; i < count; i++)
            ids[i] = await PublishAsync(Topic.Parse(topic), key?.Invoke(i));
        await FeedAsync();
        return ids;
    }

    public DeliveryClient Connect(TopicFilter filter, EventId cursor, GatedSink? sink = null)
    {
        var connection = new Connection(_context, [filter], StartingPoint.At(cursor, true));
        sink ??= new GatedSink();
        _connections.Add(connection);
        return new DeliveryClient(connection, sink, connection.RunAsync(sink, CancellationToken.None));
    }

    public void Dispose()
    {
        _feeder.Dispose();
        _pacer.Dispose();
        _metrics.Dispose();
        _replay.Dispose();
        Measured.Dispose();
        _services.Dispose();
    }
}

/// <summary>A connection, what it was sent, and its loop.</summary>
internal sealed record DeliveryClient(Connection Connection, GatedSink Sink, Task Running)
{
    /// <summary>Waits for the loop's end.</summary>
    public Task EndedAsync() => Running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    /// <summary>Asks the loop to end when nothing waits, and waits for that.</summary>
    public Task LeaveAsync()
    {
        Connection.LeaveWhenIdle();
        return EndedAsync();
    }
}
