namespace Buffkit.Streams;

/// <summary>Where a connection's frames go: a response body, a WebSocket, a batch.</summary>
internal abstract class FrameSink
{
    /// <summary>Bytes written since the last flush.</summary>
    public int Buffered { get; protected set; }

    /// <summary>The wire form that this sink carries.</summary>
    public abstract WireForm Form { get; }

    /// <summary>Takes a frame; completes at once, sends nothing yet.</summary>
    public abstract void Write(ReadOnlySpan<byte> frame);

    /// <summary>Takes a heartbeat.</summary>
    public abstract void WriteHeartbeat();

    /// <summary>Takes the last word.</summary>
    public abstract void WriteClose(CloseReason reason, TimeSpan retry);

    /// <summary>Sends what was taken.</summary>
    /// <returns><see langword="false"/> where the other side is gone.</returns>
    public abstract ValueTask<bool> FlushAsync(CancellationToken cancellationToken);
}
