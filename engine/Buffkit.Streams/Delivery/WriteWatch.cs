namespace Buffkit.Streams;

/// <summary>When a connection was last written to, and since when a write lasts. The loop writes it, the watchdog reads it.</summary>
internal sealed class WriteWatch(TimeProvider time)
{
    private long _last = time.GetTimestamp();
    private long _started;

    /// <summary>When something was last sent, as a timestamp of the clock.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>When the write that is under way began; 0 where none is.</summary>
    public long Started => Volatile.Read(ref _started);

    /// <summary>Notes that something is about to be sent.</summary>
    public void Begin() => Volatile.Write(ref _last, time.GetTimestamp());

    /// <summary>Waits for a write that has begun.</summary>
    public async ValueTask<bool> WaitAsync(ValueTask<bool> write)
    {
        if (write.IsCompleted)
            return await write.ConfigureAwait(false);

        Volatile.Write(ref _started, time.GetTimestamp());
        try
        {
            return await write.ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _started, 0);
        }
    }
}
