using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>One database in a run: its sessions, its lock, its way with transactions, its SQL for the journal.</summary>
internal abstract class MigrationDatabase(MigrationEngine engine) : IAsyncDisposable
{
    /// <summary>
    /// How long a server may take to confirm that it has cancelled a statement: undoing it can take a while. Drivers
    /// wait two seconds and then drop the session, after which nobody knows how the statement ended.
    /// </summary>
    protected static readonly TimeSpan CancellationWait = TimeSpan.FromMinutes(1);

    public MigrationEngine Engine { get; } = engine;

    /// <summary>Gets what tells, of a statement that was under way when its runner stopped, whether it took effect.</summary>
    public abstract StatementJudge Judge { get; }

    /// <summary>Gets a value indicating whether a transaction takes DDL back, so that a migration is all or nothing.</summary>
    public abstract bool HasTransactionalDdl { get; }

    /// <summary>Gets the session that runs the scripts.</summary>
    public abstract DbConnection Session { get; }

    /// <summary>Gets the session that reads and writes the journal outside of a script's transaction.</summary>
    public abstract DbConnection JournalSession { get; }

    /// <summary>Gets the journal's name, qualified and quoted once <see cref="TryLockAsync"/> has succeeded.</summary>
    public string JournalTable { get; protected set; } = Journal.TableName;

    public abstract string CreateJournalSql { get; }

    /// <summary>Gets a value indicating whether logins have rights that can be asked for without waiting for anybody.</summary>
    public virtual bool HasRights => true;

    /// <summary>Gets what a trial leaves behind though it is rolled back, for a person to know; <see langword="null"/> for nothing.</summary>
    public virtual string? TrialCaveat => null;

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
            throw new DatabaseUnavailableException($"The {Engine.Name} database {Unopened(e.Message.TrimEnd('.'))}", e);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The exception's text may quote the connection string.
            throw new MigrationConfigurationException(
                $"The connection string is none of {Engine.Name}'s. Check ConnectionStrings:appdb or --connection, and Database:Provider or --provider.");
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
        await ExecuteAsync(command, cancellation);
    }

    /// <summary>Runs a command of our own.</summary>
    public virtual Task ExecuteAsync(DbCommand command, CancellationToken cancellation) =>
        command.ExecuteNonQueryAsync(cancellation);

    /// <summary>Begins a script's transaction.</summary>
    public abstract Task BeginAsync(ScriptHeader header, CancellationToken cancellation);

    /// <summary>Writes the journal's line and commits.</summary>
    /// <param name="journalWrite">Writes the line.</param>
    /// <param name="cancellation">
    /// Ends a wait before the commit. A commit in flight is never cut off: it would leave everyone guessing.
    /// </param>
    public virtual async Task CommitAsync(DbCommand journalWrite, CancellationToken cancellation)
    {
        await ExecuteAsync(journalWrite, cancellation);
        await ExecuteAsync("COMMIT", CancellationToken.None);
    }

    /// <summary>Has the journal's line and the commit sent together with the next statement, where the server can.</summary>
    /// <returns>Whether it will be; otherwise <see cref="CommitAsync"/> is due after the statement.</returns>
    public virtual bool TryCommitWithNext(DbCommand journalWrite) => false;

    public virtual Task RollbackAsync() => ExecuteAsync("ROLLBACK", CancellationToken.None);

    /// <summary>Prepares the session for a script whose statements commit one by one.</summary>
    public abstract Task PrepareSessionAsync(ScriptHeader header, CancellationToken cancellation);

    /// <summary>Takes back what a script did to the session, so that the next one finds it as the first did.</summary>
    public abstract Task ResetSessionAsync(CancellationToken cancellation);

    /// <summary>Takes back, inside the transaction, the settings that would lead the journal's line astray.</summary>
    public virtual Task ResetSettingsAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Takes back what a script did to the session, as far as that can be done inside a transaction.</summary>
    public virtual Task ResetTrialAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Makes sure that a statement which touched the session has not released the runner's lock with it.</summary>
    /// <exception cref="MigrationFailedException">It has, so another runner may be at work.</exception>
    public virtual Task VerifyLockAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Makes sure of the lock after a failure.</summary>
    /// <returns>Whether this is still, or again, the only runner.</returns>
    public virtual Task<bool> TryKeepLockAsync(CancellationToken cancellation) => Task.FromResult(true);

    /// <summary>Notes, at the beginning of a transaction, which rows refer to nothing, where that is not enforced for the time being.</summary>
    public virtual Task NoteReferencesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Looks, before the commit, for rows that refer to nothing since <see cref="NoteReferencesAsync"/>.</summary>
    /// <exception cref="MigrationFailedException">There are some; the message names them.</exception>
    public virtual Task CheckReferencesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Whether the server refused a statement, before it did anything, only because it stood inside a transaction.</summary>
    public virtual bool IsRefusedInTransaction(Exception exception) => false;

    /// <summary>Whether an exception says that the connection is gone, also where it still looks open.</summary>
    public virtual Task<bool> IsConnectionLostAsync(Exception exception) => Task.FromResult(false);

    /// <summary>What the driver's message leaves out of the way on: a sentence with a space before it, or nothing.</summary>
    public virtual string HintFor(Statement statement, Exception exception) => "";

    /// <summary>Says what happened: the server's message; what else an exception's text holds (stack, data, connection) is not for the journal.</summary>
    public virtual string Describe(Exception exception) => exception switch
    {
        DbException e => e.Message,
        OperationCanceledException => "cancelled.",
        _ => exception.Message,
    };

    /// <summary>Whether an exception holds the server's word, and not only the driver's that there was none.</summary>
    public virtual bool IsAnswer(DbException exception) => true;

    /// <summary>How the server spells the name of a table that another program made.</summary>
    public virtual Task<string> SpellingOfAsync(string table, CancellationToken cancellation) => Task.FromResult(table);

    /// <summary>What keeps the journal from being read or written.</summary>
    public abstract JournalTrouble TroubleOf(DbException exception);

    /// <summary>The schema as SQL, without the journal.</summary>
    public abstract Task<string> DumpAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    protected abstract Task ConnectAsync(bool readOnly, CancellationToken cancellation);

    /// <summary>Says, behind its name, why the database cannot be opened, and what to look at.</summary>
    protected virtual string Unopened(string reason) =>
        $"cannot be opened: {reason}. Check ConnectionStrings:appdb or --connection, and that the server runs.";
}
