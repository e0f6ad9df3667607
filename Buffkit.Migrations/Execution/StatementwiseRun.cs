using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Buffkit.Migrations;

/// <summary>
/// Runs a script whose statements commit one by one (all on MySQL, <c>-- no-transaction</c> elsewhere), and keeps count
/// in the journal, so that a run that stopped anywhere is resumed at the right statement.
/// </summary>
/// <remarks>
/// A statement that changes rows shares a transaction with its count: both happen or neither. One that cannot (DDL on
/// MySQL, CREATE INDEX CONCURRENTLY) is announced in the journal first; if nobody lived to write how it ended, the
/// next run asks the database (<see cref="MigrationDatabase.SettleAsync"/>).
/// </remarks>
internal sealed class StatementwiseRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    private JournalEntry _entry = FirstEntry(context.Journal, script);

    /// <summary>Of the first one, two, three … statements, so that what follows those that are done may be corrected.</summary>
    private readonly string[] _checksums = PrefixChecksums(script.File.Statements(context.Database.Engine));

    /// <summary>What the journal said before this run, if the migration was applied then.</summary>
    private readonly JournalEntry? _before =
        context.Journal.Entries.GetValueOrDefault(script.Name) is { } entry && entry.State.IsApplied() ? entry : null;

    private bool _ownTransaction;
    private bool _touched;

    public override async Task RunAsync(CancellationToken cancellation)
    {
        var current = 0;
        try
        {
            await Database.PrepareSessionAsync(Script.File.Header, cancellation);
            _touched = Script.File.Header is { LockTimeout: not null } or { StatementTimeout: not null };
            current = await ResumeAsync(cancellation);
            for (; current < Statements.Count; current++)
            {
                cancellation.ThrowIfCancellationRequested();
                await StepAsync(current, cancellation);
            }

            current = Statements.Count - 1;
            if (_ownTransaction)
            {
                throw new MigrationFailedException("The script ends inside a transaction. Add its COMMIT.");
            }

            await WriteAsync(_entry with { State = EndState, StatementStarted = 0, Fingerprint = null, Error = null }, CancellationToken.None);
        }
        catch (Exception e)
        {
            await StopAsync(current, e);
            if (e is OperationCanceledException or MigrationValidationException || Statements.Count == 0)
            {
                throw;
            }

            throw Failure(Math.Max(0, current), e, Consequence());
        }
        finally
        {
            if (_touched)
            {
                await ResetAsync();
            }
        }
    }

    private string Consequence() => _entry.StatementsDone switch
    {
        0 => "Nothing of it remains. Correct the file and run again.",
        var done => $"Statements 1 to {done} have taken effect. Correct statement {done + 1} or what follows it and run again: it goes on from there. Or undo them by hand and run 'repair --pending {Script.Name}'.",
    };

    /// <returns>The index of the statement to go on with.</returns>
    private async Task<int> ResumeAsync(CancellationToken cancellation)
    {
        var earlier = Context.Journal.Entries.GetValueOrDefault(Script.Name);
        if (earlier is null || !earlier.State.IsHalfway() || earlier.State.IsDownward() != IsDown)
        {
            await WriteAsync(_entry, cancellation);
            return 0;
        }

        if (Script.Migration.Kind != ScriptKind.Versioned && earlier.Checksum != Script.File.Checksum)
        {
            // It is written to be repeated, and what it says now is what counts.
            await WriteAsync(_entry with { StatementsDone = 0, DoneChecksum = null, StatementStarted = 0, Fingerprint = null }, cancellation);
            return 0;
        }

        var done = earlier.StatementsDone;
        if (done > Statements.Count || (done > 0 && earlier.DoneChecksum != DoneChecksum(done)))
        {
            throw new MigrationValidationException([ScriptProblem.Error(
                ProblemKind.Changed,
                FileName,
                $"Its first {done} statements have taken effect, and the file now begins otherwise. Restore them and correct what follows, or mend the schema by hand and run 'repair --applied {Script.Name}' or 'repair --pending {Script.Name}'.")]);
        }

        await ReplaySessionAsync(done, cancellation);
        if (earlier.StatementStarted == done + 1 && done < Statements.Count
            && await Database.SettleAsync(Statements[done], earlier.Fingerprint, cancellation))
        {
            done++;
        }

        await WriteAsync(
            _entry with { StatementsDone = done, DoneChecksum = DoneChecksum(done), StatementStarted = 0, Fingerprint = null }, cancellation);
        return done;
    }

    /// <summary>
    /// Where the journal stands: a run that fails before it has come that far again must not forget what is done.
    /// </summary>
    private static JournalEntry FirstEntry(Journal journal, MigrationScript script)
    {
        var isDown = script.Direction == Direction.Down;
        var entry = journal.NewEntry(script, isDown ? MigrationState.Reverting : MigrationState.Applying);
        return journal.Entries.GetValueOrDefault(script.Name) is { } earlier && earlier.State.IsHalfway() && earlier.State.IsDownward() == isDown
            ? entry with
            {
                StatementsDone = earlier.StatementsDone,
                DoneChecksum = earlier.DoneChecksum,
                StatementStarted = earlier.StatementStarted,
                Fingerprint = earlier.Fingerprint,
            }
            : entry;
    }

    /// <summary>What earlier statements set for the session went away with it.</summary>
    private async Task ReplaySessionAsync(int done, CancellationToken cancellation)
    {
        for (var index = 0; index < done; index++)
        {
            if (Database.KindOf(Statements[index]) == StatementKind.Session)
            {
                _touched = true;
                await ExecuteAsync(index, cancellation);
            }
        }
    }

    private async Task StepAsync(int index, CancellationToken cancellation)
    {
        var kind = Database.KindOf(Statements[index]);
        switch (kind)
        {
            case StatementKind.Begin:
                await ExecuteAsync(index, cancellation);
                _ownTransaction = true;
                return;
            case StatementKind.Commit when _ownTransaction:
                await CommitWithItsCountAsync(index, () => ExecuteAsync(index, CancellationToken.None), cancellation);
                return;
            case StatementKind.Rollback when _ownTransaction:
                await ExecuteAsync(index, cancellation);
                _ownTransaction = false;
                await WriteAsync(Counted(index), cancellation);
                return;
            case var _ when _ownTransaction && (Database.HasTransactionalDdl || kind != StatementKind.Schema):
                _touched |= kind == StatementKind.Session;
                await ExecuteAsync(index, cancellation);
                return;
            case StatementKind.Session:
                _touched = true;
                await ExecuteAsync(index, cancellation);
                await WriteAsync(Counted(index), cancellation);
                return;
            case StatementKind.Data:
            case StatementKind.Schema when Database.HasTransactionalDdl:
                await WithItsCountAsync(index, cancellation);
                return;
            default:
                if (_ownTransaction)
                {
                    // On MySQL, DDL commits what the script has begun; so do we, with its count, before we announce it.
                    await CommitWithItsCountAsync(
                        index - 1, () => Database.ExecuteAsync("COMMIT", CancellationToken.None), cancellation);
                }

                await AnnouncedAsync(index, cancellation);
                return;
        }
    }

    private async Task WithItsCountAsync(int index, CancellationToken cancellation)
    {
        await Database.BeginAsync(Script.File.Header, cancellation);
        try
        {
            await ExecuteAsync(index, cancellation);
            var counted = Counted(index);
            await Context.Journal.CommitAsync(counted);
            _entry = counted;
        }
        catch
        {
            await QuietlyAsync(Database.RollbackAsync);
            throw;
        }
    }

    private async Task AnnouncedAsync(int index, CancellationToken cancellation)
    {
        await WriteAsync(
            _entry with { StatementStarted = index + 1, Fingerprint = await Database.FingerprintAsync(cancellation) }, cancellation);
        await ExecuteAsync(index, cancellation);
        await WriteAsync(Counted(index), CancellationToken.None);
    }

    /// <summary>Commits the script's own transaction, with the count written inside it: both hold, or neither.</summary>
    private async Task CommitWithItsCountAsync(int index, Func<Task> commit, CancellationToken cancellation)
    {
        var counted = Counted(index);
        await Context.Journal.WriteAsync(counted, Database.Session, cancellation);
        await commit();
        // Only now: a commit that failed (a deferred constraint) took the count back with it.
        _entry = counted;
        _ownTransaction = false;
    }

    private JournalEntry Counted(int index) => _entry with
    {
        StatementsDone = index + 1,
        StatementStarted = 0,
        Fingerprint = null,
        DoneChecksum = DoneChecksum(index + 1),
    };

    private async Task WriteAsync(JournalEntry entry, CancellationToken cancellation)
    {
        entry = entry with { Duration = Elapsed, At = Context.Time.GetUtcNow().UtcDateTime };
        await Context.Journal.WriteAsync(entry, cancellation);
        _entry = entry;
    }

    private async Task StopAsync(int index, Exception cause)
    {
        if (cause is MigrationValidationException)
        {
            return;
        }

        if (_ownTransaction)
        {
            await QuietlyAsync(Database.RollbackAsync);
        }

        // The server said that the statement failed, so its fate is known; without a word from it, it is not.
        var known = cause is DbException && Database.Session.State == System.Data.ConnectionState.Open
            && cause is not Npgsql.NpgsqlException { InnerException: IOException };
        if (cause is DbException && !known && Database.Engine == MigrationEngine.MySql)
        {
            // The connection went away, perhaps after a commit that the server carried out. What it holds is the truth, as after
            // a crash; our last count, written over it by another session, might not be.
            return;
        }

        var started = known && Database.Engine == MigrationEngine.MySql ? 0 : _entry.StatementStarted;
        if (IsDown && _before is not null && _entry.StatementsDone == 0 && started == 0)
        {
            // Nothing of the way down has happened: it is as applied as it was.
            await JournalFailureAsync(_before with { Error = $"down: statement {index + 1}: {RunContext.Describe(cause)}" });
            return;
        }

        await JournalFailureAsync(_entry with
        {
            State = FailedState,
            StatementStarted = started,
            Duration = Elapsed,
            At = Context.Time.GetUtcNow().UtcDateTime,
            Error = $"statement {index + 1}: {RunContext.Describe(cause)}",
        });
    }

    private Task ResetAsync() => QuietlyAsync(() => Database.ResetSessionAsync(CancellationToken.None));

    private async Task QuietlyAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException or MigrationException)
        {
            Context.LogRollback(e, Script.Name);
        }
    }

    private static string[] PrefixChecksums(IReadOnlyList<Statement> statements)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var checksums = new string[statements.Count];
        for (var i = 0; i < checksums.Length; i++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(statements[i].Text + '\0' + statements[i].CopyData + '\0'));
            checksums[i] = Convert.ToHexStringLower(hash.GetCurrentHash());
        }

        return checksums;
    }

    private string? DoneChecksum(int count) => count == 0 ? null : _checksums[count - 1];
}
