using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>One database in a run: its sessions, and its way with transactions.</summary>
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

    /// <summary>Gets what keeps other runners away.</summary>
    public abstract DatabaseLock Lock { get; }

    /// <summary>Gets the session that runs the scripts.</summary>
    public abstract DbConnection Session { get; }

    /// <summary>Gets the session that reads and writes the journal outside of a script's transaction.</summary>
    public abstract DbConnection JournalSession { get; }

    /// <summary>Gets the journal's name, qualified and quoted once the lock has been taken.</summary>
    public string JournalTable { get; internal set; } = Journal.TableName;

    /// <summary>Gets a value indicating whether the database is not there yet, which only SQLite's file can be.</summary>
    public virtual bool IsAbsent => false;

    /// <summary>Gets where it is and as whom it is used, in words and without the password. Needs no connection.</summary>
    public abstract string Place { get; }

    /// <summary>The server's version, as it says it.</summary>
    public virtual Task<string> VersionAsync(CancellationToken cancellation) => Task.FromResult(JournalSession.ServerVersion);

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

    /// <summary>What the running statement waits for, by a session beside it; <see langword="null"/> where the server knows nothing.</summary>
    public abstract Task<string?> DescribeWaitAsync(CancellationToken cancellation);

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

    /// <summary>Notes, at the beginning of a transaction, which rows refer to nothing, where that is not enforced for the time being.</summary>
    public virtual Task NoteReferencesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Looks, before the commit, for rows that refer to nothing since <see cref="NoteReferencesAsync"/>.</summary>
    /// <exception cref="MigrationFailedException">There are some; the message names them.</exception>
    public virtual Task CheckReferencesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Whether an exception says that the connection is gone, also where it still looks open.</summary>
    public virtual Task<bool> IsConnectionLostAsync(Exception exception) => Task.FromResult(false);

    /// <summary>How the server spells the name of a table that another program made.</summary>
    public virtual Task<string> SpellingOfAsync(string table, CancellationToken cancellation) => Task.FromResult(table);

    /// <summary>The schema as SQL, without the journal.</summary>
    public abstract Task<string> DumpAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    protected abstract Task ConnectAsync(bool readOnly, CancellationToken cancellation);

    /// <summary>Says, behind its name, why the database cannot be opened, and what to look at.</summary>
    protected virtual string Unopened(string reason) =>
        $"cannot be opened: {reason}. Check ConnectionStrings:appdb or --connection, and that the server runs.";
}
