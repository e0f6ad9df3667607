using System.Data.Common;
using System.Security.Cryptography;

namespace Buffkit.Streams.Sql;

/// <summary>
/// The right to do what only one server may do at a time. It has a term, which each new holder counts up, and an end by the database's
/// clock. Whatever the holder writes, it writes in a transaction that holds the lease too (<see cref="HoldAsync"/>): who has lost it in
/// the meantime cannot write any more, whether it has noticed or not.
/// </summary>
internal sealed class DatabaseLease(EventDatabase database, string name, TimeSpan duration) : IDisposable
{
    // Not secret: for whoever looks into the table. One of its kind, so that a term is never held by two: whoever was told nothing of
    // its own commit has no term.
    private readonly string _holder = $"{Environment.MachineName}:{Environment.ProcessId}:{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private ILeaseLock? _lock;
    private bool _isLockMade;
    private long _term;

    public bool IsHeld => Term > 0;

    /// <summary>Counts up with each holder; 0 where this is none. While it stays the same nobody else has held the lease.</summary>
    public long Term => Volatile.Read(ref _term);

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
        // Where a lock of the machine says that no other has it, its time need not be over. One that ends later than any may was given
        // before the database's clock was set back.
        var isFree = _lock is null ? $" AND (expires_at < {database.Now} OR expires_at > {database.Now} + {SqlTime.Write(Longest)})" : "";
        var term = 0L;
        var acquired = await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                var changed = await connection.Command(
                    transaction,
                    $"UPDATE event_leases SET term = term + 1, holder = @holder, expires_at = {database.Now} + @duration WHERE name = @name{isFree}",
                    ("holder", _holder),
                    ("duration", SqlTime.Write(duration)),
                    ("name", name)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
                if (changed == 0)
                    return false;
                term = await connection.Command(transaction, "SELECT term FROM event_leases WHERE name = @name", ("name", name))
                    .ReadNumberAsync(cancellationToken).ConfigureAwait(false) ?? 0;
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        // Not before the commit was confirmed.
        if (acquired)
            Volatile.Write(ref _term, term);
        else
            Lost();
        return acquired;
    }

    /// <summary>Holds the lease for the rest of a transaction, and renews it with the transaction's commit.</summary>
    /// <returns>False where it was lost: nothing may be written.</returns>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="position">How far the work has come with this transaction, for <see cref="FindPositionAsync"/>.</param>
    public async Task<bool> HoldAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken, string? position = null)
    {
        var held = IsHeld && await connection.Command(
            transaction,
            $"UPDATE event_leases SET expires_at = {database.Now} + @duration, position = COALESCE(@position, position) WHERE name = @name AND term = @term AND holder = @holder",
            ("duration", SqlTime.Write(duration)),
            ("position", position),
            ("name", name),
            ("term", Term),
            ("holder", _holder)).ExecuteAsync(cancellationToken).ConfigureAwait(false) == 1;
        if (!held)
            Lost();
        return held;
    }

    /// <summary>Finds how far whoever held it last has come.</summary>
    public async Task<string?> FindPositionAsync(DbConnection connection, CancellationToken cancellationToken) =>
        (await connection.Command(null, "SELECT position FROM event_leases WHERE name = @name", ("name", name))
            .ReadAsync(row => row.IsDBNull(0) ? null : row.GetString(0), cancellationToken).ConfigureAwait(false)).SingleOrDefault();

    /// <summary>Renews the lease by itself.</summary>
    public Task<bool> RenewAsync(CancellationToken cancellationToken) =>
        database.InTransactionAsync((connection, transaction) => HoldAsync(connection, transaction, cancellationToken), cancellationToken);

    /// <summary>Gives the lease up, so that nobody has to wait for its end; where that fails, its end comes by itself. Throws nothing.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!IsHeld)
                return;
            await database.QueryAsync(
                connection => connection.Command(
                    null,
                    "UPDATE event_leases SET expires_at = 0, holder = NULL WHERE name = @name AND term = @term AND holder = @holder",
                    ("name", name),
                    ("term", Term),
                    ("holder", _holder)).ExecuteAsync(cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Of any kind: whoever gives it up stops.
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
