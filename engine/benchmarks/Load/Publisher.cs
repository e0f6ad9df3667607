using System.Buffers;
using System.Net.Sockets;

namespace Buffkit.Benchmarks;

/// <summary>
/// Publishes stamped events over one keep-alive connection. Requests are sent ahead of their answers, so no server waits
/// for the generator's round trip; at most <see cref="MostUnanswered"/> are under way.
/// </summary>
internal sealed class Publisher(Target target, int number, int payloadBytes) : IAsyncDisposable
{
    private const int MostUnanswered = 64;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly SemaphoreSlim _mayAsk = new(MostUnanswered, MostUnanswered);
    private readonly ArrayBufferWriter<byte> _requests = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Stamp> _stamps = [];
    private Task _answers = Task.CompletedTask;
    private long _published;

    public int Number => number;

    /// <summary>Events published, answered or not.</summary>
    public long Published => Volatile.Read(ref _published);

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _socket.ConnectAsync(target.EndPoint, cancellationToken);
        _answers = ReadAnswersAsync(_stopping.Token);
    }

    /// <summary>Publishes events that bear the same time.</summary>
    /// <param name="count">How many.</param>
    /// <param name="perRequest">Most events in one request, where the server takes several.</param>
    /// <param name="ticks">When they were due; latency counts from there, however late they leave.</param>
    /// <param name="cancellationToken">Ends the wait for answers.</param>
    public async Task PublishAsync(int count, int perRequest, long ticks, CancellationToken cancellationToken)
    {
        perRequest = Math.Min(perRequest, target.EventsPerRequest);
        while (count > 0)
        {
            await AskAsync(cancellationToken);
            Write(Math.Min(count, perRequest), ticks);
            count -= Math.Min(count, perRequest);
            if (count == 0 || _mayAsk.CurrentCount == 0)
                await SendAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _mayAsk.Dispose();
        _stopping.Dispose();
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var turn = _mayAsk.WaitAsync(cancellationToken);
        if (!turn.IsCompleted)
            await Task.WhenAny(turn, _answers);
        if (_answers.IsCompleted)
            await _answers;
        await turn;
    }

    private void Write(int count, long ticks)
    {
        _stamps.Clear();
        for (var i = 0; i < count; i++)
            _stamps.Add(new Stamp(ticks, number, _published + 1 + i));
        target.WritePublish(_requests, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_stamps), payloadBytes);
        Volatile.Write(ref _published, _published + count);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        for (var rest = _requests.WrittenMemory; !rest.IsEmpty;)
            rest = rest[await _socket.SendAsync(rest, cancellationToken)..];
        _requests.ResetWrittenCount();
    }

    private async Task ReadAnswersAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        var decoder = new ResponseDecoder();
        while (true)
        {
            var length = await _socket.ReceiveAsync(buffer, cancellationToken);
            if (length == 0)
                throw new CannotMeasureException($"{target.Name} closed the publisher's connection.");
            var answered = CountAnswers(ref decoder, buffer.AsSpan(0, length));
            if (answered > 0)
                _mayAsk.Release(answered);
        }
    }

    private int CountAnswers(ref ResponseDecoder decoder, ReadOnlySpan<byte> input)
    {
        var answered = 0;
        while (!input.IsEmpty)
        {
            if (!decoder.Take(ref input, out _))
                continue;
            if (decoder.Status is < 200 or > 299)
                throw new CannotMeasureException($"{target.Name} refused to publish: status {decoder.Status}.");
            answered++;
        }

        return answered;
    }
}
