using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Buffkit.Benchmarks;

/// <summary>One thread that reads every subscriber's socket into one buffer.</summary>
internal sealed class ReadLoop : IAsyncDisposable
{
    // One read takes at most this much, so that one busy stream does not starve the others.
    private const int BufferBytes = 128 * 1024;
    private const int ReadyAtOnce = 512;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(10);

    private readonly Epoll _epoll = new(ReadyAtOnce);
    private readonly ConcurrentDictionary<int, Subscriber> _subscribers = new();
    private readonly ConcurrentQueue<TaskCompletionSource<ReadFigures.Snapshot>> _asked = new();
    private readonly ReadFigures _figures = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lastNumber;

    public ReadLoop() => new Thread(Run) { Name = "load reader", IsBackground = true }.Start();

    public void Add(Subscriber subscriber)
    {
        var number = Interlocked.Increment(ref _lastNumber);
        _subscribers[number] = subscriber;
        _epoll.Watch(subscriber.Socket.SafeHandle, number);
    }

    /// <summary>What was read so far, taken between two reads.</summary>
    public async Task<ReadFigures.Snapshot> TakeAsync(CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<ReadFigures.Snapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue(answer);
        var first = await Task.WhenAny(answer.Task, _stopped.Task).WaitAsync(cancellationToken);
        await first;
        return await answer.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _stopped.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var subscriber in _subscribers.Values)
            subscriber.Dispose();
        _epoll.Dispose();
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            ReadUntilStopped();
            _stopped.SetResult();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ObjectDisposedException or System.ComponentModel.Win32Exception)
        {
            _stopped.SetException(ExceptionDispatchInfo.SetCurrentStackTrace(e));
        }
    }

    private void ReadUntilStopped()
    {
        var buffer = new byte[BufferBytes];
        Span<int> readable = stackalloc int[ReadyAtOnce];
        while (!_stopping.IsCancellationRequested)
        {
            var count = _epoll.Wait(LongestWait, readable);
            foreach (var number in readable[..count])
            {
                var subscriber = _subscribers[number];
                if (subscriber.Ended is not null)
                    continue;
                _figures.BeginRead();
                subscriber.Read(buffer, _figures);
            }

            while (_asked.TryDequeue(out var asked))
                asked.SetResult(_figures.Take());
        }
    }
}
