using System.Net.Sockets;

namespace Buffkit.Benchmarks;

/// <summary>One connection of the load: reads its stream, checks each publisher's sequence.</summary>
internal sealed class Subscriber(Socket socket, int publishers) : IDisposable
{
    // The next sequence expected of each publisher, from 1.
    private readonly long[] _next = [.. Enumerable.Repeat(1L, publishers)];
    private ResponseDecoder _decoder;
    private EventScan _scan;
    private int _isReady;

    public Socket Socket => socket;

    /// <summary>The server accepted the subscription.</summary>
    public bool IsReady => Volatile.Read(ref _isReady) != 0;

    /// <summary>The server ended it, or never accepted it; the reason.</summary>
    public string? Ended { get; private set; }

    /// <summary>How far this subscriber has come with a publisher's events.</summary>
    public long Position(int publisher) => Volatile.Read(ref _next[publisher]) - 1;

    /// <summary>Reads what is there; the read loop's thread only.</summary>
    public void Read(Span<byte> buffer, ReadFigures figures)
    {
        var length = socket.Receive(buffer, SocketFlags.None, out var error);
        if (error is SocketError.WouldBlock)
            return;
        if (length == 0 || error is not SocketError.Success)
        {
            End(error is SocketError.Success ? "the server closed the stream" : error.ToString(), figures);
            return;
        }

        figures.Reads++;
        ReadOnlySpan<byte> input = buffer[..length];
        while (!input.IsEmpty && Ended is null)
        {
            var ended = _decoder.Take(ref input, out var body);
            if (!IsReady && _decoder.Status != 0)
                Open(figures);
            Scan(body, figures);
            if (ended)
                End("the server ended the response", figures);
        }
    }

    public void Dispose() => socket.Dispose();

    private void Open(ReadFigures figures)
    {
        if (_decoder.Status != 200)
        {
            End($"the server answered {_decoder.Status}", figures);
            return;
        }

        Volatile.Write(ref _isReady, 1);
        figures.Ready++;
    }

    private void Scan(ReadOnlySpan<byte> body, ReadFigures figures)
    {
        while (true)
        {
            switch (_scan.Next(ref body, out var stamp))
            {
                case EventScan.Found.Nothing:
                    return;
                case EventScan.Found.Gap:
                    figures.Gaps++;
                    break;
                default:
                    Take(stamp, figures);
                    break;
            }
        }
    }

    private void Take(Stamp stamp, ReadFigures figures)
    {
        ref var next = ref _next[stamp.Publisher];
        if (stamp.Sequence < next)
        {
            figures.Repeated++;
            return;
        }

        figures.Missed += stamp.Sequence - next;
        Volatile.Write(ref next, stamp.Sequence + 1);
        figures.Delivered(stamp.Ticks);
    }

    private void End(string reason, ReadFigures figures)
    {
        Ended = reason;
        figures.Ended++;
        figures.EndReason ??= reason;
        socket.Close();
    }
}
