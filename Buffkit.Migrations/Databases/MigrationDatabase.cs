using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>One engine's side of a run: its sessions, its lock, its SQL for the journal, its way with transactions.</summary>
internal abstract class MigrationDatabase : IAsyncDisposable
{
    public static MigrationDatabase Create(MigrationOptions options) => options.Engine switch
    {
        MigrationEngine.Postgres => new PostgresDatabase(options.ConnectionString),
        MigrationEngine.MySql => new MySqlDatabase(options.ConnectionString),
        _ => new SqliteDatabase(options.ConnectionString),
    };

    public abstract MigrationEngine Engine { get; }

    /// <summary>Gets a value indicating whether a transaction takes DDL back, so that a migration is all or nothing.</summary>
    public abstract bool HasTransactionalDdl { get; }

    /// <summary>Gets the session that runs the scripts.</summary>
    public abstract DbConnection Session { get; }

    /// <summary>Gets the session that reads and writes the journal outside of a script's transaction.</summary>
    public abstract DbConnection JournalSession { get; }

    /// <summary>Gets the journal's name, qualified and quoted once <see cref="TryLockAsync"/> has succeeded.</summary>
    public string JournalTable { get; protected set; } = Journal.TableName;

    public abstract string CreateJournalSql { get; }

    /// <summary>Gets a value indicating whether the database is not there yet, which only SQLite's file can be.</summary>
    public virtual bool IsAbsent => false;

    /// <summary>Connects.</summary>
    /// <param name="readOnly">Whether nothing will be written: SQLite then does not create its file.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="DatabaseUnavailableException">The server does not answer or refuses.</exception>
    public async Task OpenAsync(bool readOnly, CancellationToken cancellation)
    {
        try
        {
            await ConnectAsync(readOnly, cancellation);
        }
        catch (Exception e) when (e is DbException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new DatabaseUnavailableException(
                $"The {Engine.ToName()} database cannot be opened: {e.Message} Check ConnectionStrings:appdb or --connection, and that the server runs.", e);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The exception's text may quote the connection string.
            throw new MigrationConfigurationException(
                $"The connection string is none of {Engine.ToName()}'s. Check ConnectionStrings:appdb or --connection, and Database:Provider or --provider.");
        }
    }

    /// <summary>Tries, without waiting, to become the only runner of this database.</summary>
    public abstract Task<bool> TryLockAsync(CancellationToken cancellation);

    /// <summary>Who holds the lock, in words, as far as the server tells; <see langword="null"/> for nobody.</summary>
    public abstract Task<string?> DescribeLockHolderAsync(CancellationToken cancellation);

    /// <summary>What the running statement waits for, by a session beside it; <see langword="null"/> where the server knows nothing.</summary>
    public abstract Task<string?> DescribeWaitAsync(CancellationToken cancellation);

    public abstract bool IsMissingTable(DbException exception);

    public abstract object ToJournalTime(DateTime utc);

    public abstract string UpsertSql(string table, IReadOnlyList<string> columns);

    /// <summary>Runs one statement, with no other limit than <paramref name="timeout"/> and <paramref name="cancellation"/>.</summary>
    public abstract Task ExecuteAsync(Statement statement, TimeSpan? timeout, CancellationToken cancellation);

    /// <summary>Runs SQL of our own.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellation)
    {
        await using var command = Session.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Begins a script's transaction.</summary>
    public abstract Task BeginAsync(ScriptHeader header, CancellationToken cancellation);

    /// <summary>Writes the journal's line and commits. From here on there is no way back, so the caller passes no token that may be cancelled.</summary>
    public virtual async Task CommitAsync(DbCommand journalWrite, CancellationToken cancellation)
    {
        await journalWrite.ExecuteNonQueryAsync(cancellation);
        await ExecuteAsync("COMMIT", cancellation);
    }

    /// <summary>Has the journal's line and the commit sent together with the next statement, where the server can.</summary>
    /// <returns>Whether it will be; otherwise <see cref="CommitAsync"/> is due after the statement.</returns>
    public virtual bool TryCommitWithNext(DbCommand journalWrite) => false;

    public virtual Task RollbackAsync() => ExecuteAsync("ROLLBACK", CancellationToken.None);

    /// <summary>Prepares the session for a script whose statements commit one by one.</summary>
    public abstract Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation);

    /// <summary>Takes back what a script set for the session, so that the next one finds it as the first did.</summary>
    public abstract Task ResetSessionAsync(CancellationToken cancellation);

    /// <summary>What a statement is to a runner.</summary>
    public abstract StatementKind KindOf(Statement statement);

    /// <summary>A short text that changes whenever the schema does, or <see langword="null"/> where DDL needs none.</summary>
    public virtual Task<string?> FingerprintAsync(CancellationToken cancellation) => Task.FromResult<string?>(null);

    /// <summary>Decides whether a statement whose outcome is unknown took effect, and mends what it left half-done.</summary>
    /// <returns>Whether it counts as done.</returns>
    public virtual Task<bool> SettleAsync(Statement statement, string? fingerprint, CancellationToken cancellation) =>
        Task.FromResult(false);

    /// <summary>The schema as SQL, without the journal.</summary>
    public abstract Task<string> DumpAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    protected abstract Task ConnectAsync(bool readOnly, CancellationToken cancellation);
}
