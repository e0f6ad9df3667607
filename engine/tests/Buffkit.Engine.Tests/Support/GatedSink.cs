using System.Text;
using Buffkit.Streams;

namespace Buffkit.Tests;

/// <summary>Something that a connection was sent.</summary>
/// <param name="Type">The event's type.</param>
/// <param name="Id">Its id; nothing for what has none.</param>
/// <param name="Data">Its data.</param>
internal sealed record Sent(string Type, EventId? Id, string Data);

/// <summary>A client whose network one holds up: it keeps what it is given, and a flush waits while it is held.</summary>
internal sealed class GatedSink : FrameSink
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly List<Sent> _sent = [];
    private TaskCompletionSource<bool>? _held;
    private TaskCompletionSource? _blocked;
    private (int Count, TaskCompletionSource Reached)? _awaited;

    public override FrameKind Kind => new(WireForm.RawSse, ContentCoding.Identity);

    /// <summary>All of it, in order.</summary>
    public Sent[] Sent
    {
        get
        {
            lock (_gate)
                return [.. _sent];
        }
    }

    /// <summary>The ids of events.</summary>
    public EventId[] Received => [.. Sent.Where(IsEvent).Select(sent => sent.Id!.Value)];

    public void Hold()
    {
        lock (_gate)
        {
            _held ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            _blocked ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _held?.SetResult(true);
            (_held, _blocked) = (null, null);
        }
    }

    /// <summary>Lets the flush through that is held up, and waits until the next is.</summary>
    public Task StepAsync()
    {
        lock (_gate)
        {
            Release();
            Hold();
            return BlockedAsync();
        }
    }

    /// <summary>Waits until a flush is held up.</summary>
    public Task BlockedAsync()
    {
        lock (_gate)
            return _blocked!.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for so many events.</summary>
    public Task WaitAsync(int events)
    {
        lock (_gate)
        {
            if (_sent.Count(IsEvent) >= events)
                return Task.CompletedTask;
            _awaited = (events, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _awaited.Value.Reached.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
    }

    public override void Write(Frame frame)
    {
        Buffered += frame.Length;
        var fields = Encoding.UTF8.GetString(frame.Bytes.Span).Split('\n').Select(line => line.Split(": ", 2)).Where(field => field.Length == 2).ToLookup(field => field[0], field => field[1]);
        Assert.True(EventId.TryParse(fields["id"].Single(), out var id));
        Take(new Sent(fields["event"].Single(), id, string.Join('\n', fields["data"])));
    }

    public override void WriteOpen(StreamOpen open, TimeSpan retry) => Take(new Sent(EventType.Open, open.Cursor, ""));

    public override void WriteLive(StreamLive live)
    {
        Assert.Equal(Received.Length, live.Replayed);
        Take(new Sent(EventType.Live, null, $"{live.Replayed} {live.Latest}"));
    }

    public override void WriteHeartbeat(EventId cursor, bool isToMove) => Take(new Sent(EventType.Heartbeat, cursor, ""));

    public override void WriteClose(StreamClose close) => Take(new Sent(EventType.Close, null, close.Reason.WireName()));

    public override ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        Buffered = 0;
        lock (_gate)
        {
            _blocked?.TrySetResult();
            return _held is { } held ? new ValueTask<bool>(held.Task) : ValueTask.FromResult(true);
        }
    }

    private static bool IsEvent(Sent sent) => !sent.Type.StartsWith(EventType.ReservedPrefix, StringComparison.Ordinal);

    private void Take(Sent sent)
    {
        lock (_gate)
        {
            _sent.Add(sent);
            if (_awaited is { } awaited && _sent.Count(IsEvent) >= awaited.Count)
                awaited.Reached.TrySetResult();
        }
    }
}
