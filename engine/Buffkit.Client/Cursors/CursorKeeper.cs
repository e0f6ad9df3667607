using Microsoft.Extensions.Logging;

namespace Buffkit.Client;

/// <summary>Saves the cursor of what the consumer is done with, not more often than it is to be.</summary>
internal sealed partial class CursorKeeper(ICursorStore store, string name, TimeSpan interval, TimeProvider time, ILogger logger)
{
    private string? _saved;
    private string? _current;
    private long? _savedAt;

    public async ValueTask<string?> LoadAsync(CancellationToken cancellationToken) =>
        _saved = _current = await store.LoadAsync(name, cancellationToken).ConfigureAwait(false);

    /// <summary>The consumer is done with everything up to here.</summary>
    public void Done(string? cursor) => _current = string.IsNullOrEmpty(cursor) ? _current : cursor;

    /// <summary>Waits for what comes next, and saves meanwhile.</summary>
    public async ValueTask<T> SaveWhileAsync<T>(ValueTask<T> next, CancellationToken cancellationToken)
    {
        if (_current == _saved)
            return await next.ConfigureAwait(false);
        var pending = next.AsTask();
        try
        {
            if (!pending.IsCompleted && DueIn() is var due && due > TimeSpan.Zero)
                await WaitAsync(pending, due, cancellationToken).ConfigureAwait(false);
            if (DueIn() <= TimeSpan.Zero)
                await SaveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Cancelled: what is waited for ends too.
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await pending.ConfigureAwait(false);
    }

    public async ValueTask SaveAsync(CancellationToken cancellationToken)
    {
        if (_current is not { } cursor || cursor == _saved)
            return;
        _savedAt = time.GetTimestamp();
        try
        {
            await store.SaveAsync(name, cursor, cancellationToken).ConfigureAwait(false);
            _saved = cursor;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The stream goes on: nothing is lost, and more would come again if the process ended now.
            Log.NotSaved(logger, name, e);
        }
    }

    private TimeSpan DueIn() => _savedAt is { } at ? interval - time.GetElapsedTime(at) : TimeSpan.Zero;

    private async Task WaitAsync(Task pending, TimeSpan due, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(pending, Task.Delay(due, time, enough.Token)).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(20, LogLevel.Error, "The cursor {Name} could not be saved; the next save tries again.")]
        public static partial void NotSaved(ILogger logger, string name, Exception exception);
    }
}
