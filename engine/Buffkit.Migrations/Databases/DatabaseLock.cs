namespace Buffkit.Migrations;

/// <summary>What one runner of a database holds, so that there is no second.</summary>
internal abstract class DatabaseLock
{
    /// <summary>Tries, without waiting, to become the only runner of this database.</summary>
    public abstract Task<bool> TryTakeAsync(CancellationToken cancellation);

    /// <summary>Who holds the lock, in words, as far as the server tells; <see langword="null"/> for nobody.</summary>
    public abstract Task<string?> DescribeHolderAsync(CancellationToken cancellation);

    /// <summary>Makes sure that a statement which touched the session has not released the runner's lock with it.</summary>
    /// <exception cref="MigrationFailedException">It has, so another runner may be at work.</exception>
    public virtual Task VerifyAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Makes sure of the lock after a failure.</summary>
    /// <returns>Whether this is still, or again, the only runner.</returns>
    public virtual Task<bool> TryKeepAsync(CancellationToken cancellation) => Task.FromResult(true);
}
