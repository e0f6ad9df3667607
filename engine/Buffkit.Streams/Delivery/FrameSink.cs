namespace Buffkit.Streams;

/// <summary>Where a connection's frames go: a response body, a WebSocket, a poll's batch.</summary>
internal abstract class FrameSink
{
    /// <summary>Bytes taken since the last flush.</summary>
    public int Buffered { get; protected set; }

    /// <summary>The kind of frames that this sink carries.</summary>
    public abstract FrameKind Kind { get; }

    /// <summary>Takes a frame; completes at once, sends nothing yet.</summary>
    public abstract void Write(Frame frame);

    /// <summary>Takes the beginning of a stream.</summary>
    public abstract void WriteOpen(StreamOpen open, TimeSpan retry);

    /// <summary>Takes the word that the replay is over; once per stream.</summary>
    public abstract void WriteLive(StreamLive live);

    /// <summary>Takes a sign of life.</summary>
    /// <param name="cursor">Where the client stands.</param>
    /// <param name="isToMove">The client should come to know that, though no event tells it.</param>
    public abstract void WriteHeartbeat(EventId cursor, bool isToMove);

    /// <summary>Takes the last word.</summary>
    public abstract void WriteClose(StreamClose close);

    /// <summary>Sends what was taken.</summary>
    /// <returns><see langword="false"/> where the connection has come to its end.</returns>
    public abstract ValueTask<bool> FlushAsync(CancellationToken cancellationToken);

    /// <summary>Ends what was sent in good order, where the other side is still there.</summary>
    public virtual ValueTask<bool> CompleteAsync() => ValueTask.FromResult(true);
}
