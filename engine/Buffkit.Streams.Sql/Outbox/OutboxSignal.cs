namespace Buffkit.Streams.Sql;

/// <summary>Wakes the relay of this server, such as when an event was added here. Its transaction may still last: the relay looks again soon.</summary>
internal sealed class OutboxSignal
{
    private TaskCompletionSource _added = NewSource();
    private long _count;

    /// <summary>Whether this server is the one that publishes.</summary>
    public bool IsRelayHere { get; set; }

    /// <summary>How often it was woken.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Wake()
    {
        Interlocked.Increment(ref _count);
        // Where nobody waits the count tells the next who does.
        Volatile.Read(ref _added).TrySetResult();
    }

    /// <summary>Waits until it is woken more often than a count says, or for a time.</summary>
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

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
