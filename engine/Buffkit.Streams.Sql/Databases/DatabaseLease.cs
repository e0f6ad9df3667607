using System.Data.Common;

namespace Buffkit.Streams.Sql;

/// <summary>
/// The right to do what only one server may do at a time. It has a term, which each new holder counts up, and an end by the database's
/// clock. Whatever the holder writes, it writes in a transaction that holds the lease too (<see cref="HoldAsync"/>): who has lost it in
/// the meantime cannot write any more, whether it has noticed or not.
/// </summary>
internal sealed class DatabaseLease(EventDatabase database, string name, TimeSpan duration) : IDisposable
{
    // Not secret: for whoever looks into the table.
    private static readonly string Holder = $"{Environment.MachineName}:{Environment.ProcessId}";

    private ILeaseLock? _lock;
    private bool _isLockMade;
    private long _term;

    public bool IsHeld => Volatile.Read(ref _term) > 0;

    /// <summary>Renew it at least this often.</summary>
    public TimeSpan RenewAfter => duration / 3;

    /// <summary>How long to wait before the next try, where another holds it.</summary>
    public TimeSpan RetryAfter => duration / 4;

    /// <summary>Takes the lease, unless another holds it.</summary>
    public async Task<bool> TryAcquireAsync(CancellationToken cancellationToken)
    {
        if (IsHeld && await RenewAsync(cancellationToken).ConfigureAwait(false))
            return true;
        if (!_isLockMade)
        {
            _lock = database.CreateLock(name);
            _isLockMade = true;
        }

        if (_lock is { } file && !file.TryTake())
            return false;
        // Where a lock of the machine says that no other has it, its time need not be over.
        var isFree = _lock is null ? $" AND expires_at < {database.Now}" : "";
        var acquired = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                var changed = await connection.Command(
                    transaction,
                    $"UPDATE event_leases SET term = term + 1, holder = @holder, expires_at = {database.Now} + @duration WHERE name = @name{isFree}",
                    ("holder", Holder),
                    ("duration", SqlTime.Write(duration)),
                    ("name", name)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
                if (changed == 0)
                    return false;
                var term = await connection.Command(transaction, "SELECT term FROM event_leases WHERE name = @name", ("name", name))
                    .ReadNumberAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _term, term!.Value);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        if (!acquired)
            Lost();
        return acquired;
    }

    /// <summary>Holds the lease for the rest of a transaction, and renews it with the transaction's commit.</summary>
    /// <returns>False where it was lost: nothing may be written.</returns>
    public async Task<bool> HoldAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        var held = IsHeld && await connection.Command(
            transaction,
            $"UPDATE event_leases SET expires_at = {database.Now} + @duration WHERE name = @name AND term = @term",
            ("duration", SqlTime.Write(duration)),
            ("name", name),
            ("term", _term)).ExecuteAsync(cancellationToken).ConfigureAwait(false) == 1;
        if (!held)
            Lost();
        return held;
    }

    /// <summary>Renews the lease by itself.</summary>
    public Task<bool> RenewAsync(CancellationToken cancellationToken) =>
        database.InTransactionAsync((connection, transaction) => HoldAsync(connection, transaction, cancellationToken), cancellationToken);

    /// <summary>Gives the lease up, so that nobody has to wait for its end; where that fails, its end comes by itself.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (!IsHeld)
            return;
        try
        {
            await database.QueryAsync(
                connection => connection.Command(
                    null, "UPDATE event_leases SET expires_at = 0, holder = NULL WHERE name = @name AND term = @term", ("name", name), ("term", _term))
                    .ExecuteAsync(cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (EventDatabase.IsAway(e))
        {
            // As said above.
        }
        finally
        {
            Lost();
        }
    }

    public void Dispose() => _lock?.Dispose();

    private void Lost()
    {
        Volatile.Write(ref _term, 0);
        _lock?.Release();
    }
}
