namespace Buffkit.Streams.Sql;

/// <summary>Wakes the relay of this server when an event was added here. The transaction may still last: the relay looks again soon.</summary>
internal sealed class OutboxSignal
{
    private TaskCompletionSource _added = NewSource();
    private long _count;

    /// <summary>Whether this server is the one that publishes.</summary>
    public bool IsRelayHere { get; set; }

    /// <summary>How many were added here.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Added()
    {
        Interlocked.Increment(ref _count);
        // Where nobody waits the count tells the next who does.
        Volatile.Read(ref _added).TrySetResult();
    }

    /// <summary>Waits until more were added than a count, or for a time.</summary>
    public async Task WaitAsync(long count, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var added = Volatile.Read(ref _added);
        if (added.Task.IsCompleted)
            Volatile.Write(ref _added, added = NewSource());
        if (Count != count)
            return;
        try
        {
            await added.Task.WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller looks what came.
        }
    }

    /// <summary>Wakes the relay for another reason.</summary>
    public void Wake() => Added();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
