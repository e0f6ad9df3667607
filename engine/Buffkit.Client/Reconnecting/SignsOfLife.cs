namespace Buffkit.Client;

/// <summary>
/// Gives a connection up that is silent for too long. Only time in which something is waited for counts, so a consumer that is slow
/// costs no connection.
/// </summary>
internal sealed class SignsOfLife : IDisposable
{
    private readonly CancellationTokenSource _given;
    private readonly ITimer _timer;
    private readonly TimeSpan _first;
    private readonly TimeSpan _later;
    private readonly CancellationToken _caller;
    private volatile bool _isSilent;

    /// <param name="first">How long the first byte may take.</param>
    /// <param name="later">How long silence may last after it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the connection too.</param>
    public SignsOfLife(TimeSpan first, TimeSpan later, TimeProvider time, CancellationToken cancellationToken)
    {
        (_first, _later, _caller) = (first, later, cancellationToken);
        _given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _timer = time.CreateTimer(static state => ((SignsOfLife)state!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when the connection is to end.</summary>
    public CancellationToken Token => _given.Token;

    /// <summary>A byte of the stream has come.</summary>
    public bool SawByte { get; private set; }

    /// <summary>The connection was given up because nothing came.</summary>
    public bool IsSilent => _isSilent && !_caller.IsCancellationRequested;

    public async ValueTask<int> ReadAsync(Stream from, Memory<byte> buffer)
    {
        var read = await WaitAsync(from.ReadAsync(buffer, Token)).ConfigureAwait(false);
        SawByte |= read > 0;
        return read;
    }

    /// <summary>Waits for something of the other side.</summary>
    public async ValueTask<T> WaitAsync<T>(ValueTask<T> something)
    {
        if (something.IsCompleted)
            return await something.ConfigureAwait(false);
        _timer.Change(SawByte ? _later : _first, Timeout.InfiniteTimeSpan);
        try
        {
            return await something.ConfigureAwait(false);
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public void Heard() => SawByte = true;

    public void Dispose()
    {
        _timer.Dispose();
        _given.Dispose();
    }

    private void GiveUp()
    {
        _isSilent = true;
        try
        {
            _given.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at the same moment.
        }
    }
}
