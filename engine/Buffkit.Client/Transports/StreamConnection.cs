namespace Buffkit.Client;

/// <summary>One connection to the server, over whichever transport.</summary>
internal abstract class StreamConnection(SignsOfLife life) : IAsyncDisposable
{
    /// <summary>What the server asks a client to wait before it comes back: <c>retry:</c>.</summary>
    public virtual TimeSpan? Retry => null;

    /// <summary>Whether the stream was silent for too long.</summary>
    public bool IsSilent => Life.IsSilent;

    /// <summary>Whether anything of the stream came.</summary>
    public bool SawByte => Life.SawByte;

    protected SignsOfLife Life { get; } = life;

    /// <summary>Reads the next thing.</summary>
    /// <returns>Nothing at the end.</returns>
    public abstract ValueTask<Received?> ReadAsync();

    public virtual ValueTask DisposeAsync()
    {
        Life.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The server answered, but not with a stream.</summary>
internal sealed class NoStreamException(string reason, int? status = null, TimeSpan? retryAfter = null, bool isTransportBroken = false, Exception? inner = null)
    : Exception(reason, inner)
{
    /// <summary>The status; nothing where the answer was no HTTP.</summary>
    public int? Status => status;

    /// <summary>What <c>Retry-After</c> asks for.</summary>
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>Something between the two does not let the transport through.</summary>
    public bool IsTransportBroken => isTransportBroken;
}
