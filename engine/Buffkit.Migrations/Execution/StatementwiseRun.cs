using System.Data;
using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>
/// Runs a script whose statements commit one by one (all on MySQL, <c>-- no-transaction</c> elsewhere), and keeps count
/// in the journal, so that a run that stopped anywhere is resumed at the right statement.
/// </summary>
/// <remarks>
/// A statement that changes rows shares a transaction with its count: both happen or neither. One that cannot (DDL on
/// MySQL, CREATE INDEX CONCURRENTLY) is announced in the journal first; if nobody lived to write how it ended, the
/// next run asks the database (<see cref="StatementJudge.SettleAsync"/>).
/// </remarks>
internal sealed partial class StatementwiseRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    private readonly StatementProgress _progress = new(context, script);

    /// <summary>What the journal said before this run, if the migration was applied then.</summary>
    private readonly JournalEntry? _before =
        context.Journal.Entries.GetValueOrDefault(script.Name) is { } entry && entry.State.IsApplied() ? entry : null;

    private bool _ownTransaction;

    public override void Dispose()
    {
        _progress.Dispose();
        base.Dispose();
    }

    protected override async Task RunScriptAsync(CancellationToken cancellation)
    {
        var current = 0;
        try
        {
            await Database.PrepareSessionAsync(Script.File.Header, cancellation);
            Touched = Script.File.Header is { LockTimeout: not null } or { StatementTimeout: not null };
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

            await _progress.WriteAsync(_progress.With(Statements.Count) with { State = EndState, Error = null }, CancellationToken.None);
        }
        catch (Exception e)
        {
            var isLost = await IsLostAsync(e);
            await StopAsync(current, e);
            if (e is OperationCanceledException or MigrationValidationException || Statements.Count == 0)
            {
                throw;
            }

            throw Failure(Math.Max(0, current), e, isLost
                ? "The connection was lost, so it is not known whether the statement took effect. Run again: the next run finds out and goes on from there."
                : Consequence());
        }
    }

    private string Consequence() => _progress.Entry.StatementsDone switch
    {
        0 => "Nothing of it remains. Correct the file and run again.",
        var done => $"Statements 1 to {done} have taken effect. Correct statement {done + 1} or what follows it and run again: it goes on from there. Or undo them by hand and run 'repair --pending {Script.Name}'.",
    };

    private async Task StepAsync(int index, CancellationToken cancellation)
    {
        var kind = Database.Engine.Kinds.Of(Statements[index]);
        switch (kind)
        {
            case StatementKind.Begin:
                await ExecuteAsync(index, cancellation);
                _ownTransaction = true;
                await Database.NoteReferencesAsync(cancellation);
                return;
            case StatementKind.Commit when _ownTransaction:
                await CommitWithItsCountAsync(index, () => ExecuteAsync(index, CancellationToken.None), cancellation);
                return;
            case StatementKind.Rollback when _ownTransaction:
                await ExecuteAsync(index, cancellation);
                _ownTransaction = false;
                await _progress.WriteAsync(_progress.With(index + 1), cancellation);
                return;
            case var _ when _ownTransaction && (Database.Engine.HasTransactionalDdl || kind != StatementKind.Schema):
                await ExecuteAsync(index, cancellation);
                return;
            case StatementKind.Session:
                await ExecuteAsync(index, cancellation);
                await _progress.WriteAsync(_progress.With(index + 1), cancellation);
                return;
            case StatementKind.Data:
            case StatementKind.Schema when Database.Engine.HasTransactionalDdl:
                if (!await TryWithItsCountAsync(index, cancellation))
                {
                    await AnnouncedAsync(index, cancellation);
                }

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

    /// <returns>Whether it ran; otherwise the server wants it outside of any transaction, and nothing has happened.</returns>
    private async Task<bool> TryWithItsCountAsync(int index, CancellationToken cancellation)
    {
        await Database.BeginAsync(Script.File.Header, cancellation);
        try
        {
            await ExecuteAsync(index, cancellation);
            var counted = _progress.With(index + 1);
            await Context.Journal.CommitAsync(counted, cancellation);
            _progress.Committed(counted);
            return true;
        }
        catch (Exception e) when (Database.Engine.Errors.IsRefusedInTransaction(e))
        {
            await Database.RollbackAsync();
            return false;
        }
        catch
        {
            await QuietlyAsync(Database.RollbackAsync);
            throw;
        }
    }

    private async Task AnnouncedAsync(int index, CancellationToken cancellation)
    {
        var mark = await Database.Judge.MarkAsync(Statements[index], cancellation);
        await _progress.WriteAsync(_progress.Entry with { StatementStarted = index + 1, Fingerprint = mark }, cancellation);
        await ExecuteAsync(index, cancellation);
        await _progress.WriteAsync(_progress.With(index + 1), CancellationToken.None);
    }

    /// <summary>Commits the script's own transaction, with the count written inside it: both hold, or neither.</summary>
    private async Task CommitWithItsCountAsync(int index, Func<Task> commit, CancellationToken cancellation)
    {
        await Database.CheckReferencesAsync(cancellation);
        var counted = _progress.With(index + 1);
        await Context.Journal.WriteAsync(counted, Database.Session, cancellation);
        await commit();
        // Only now: a commit that failed (a deferred constraint) took the count back with it.
        _progress.Committed(counted);
        _ownTransaction = false;
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
        var known = cause is DbException or OperationCanceledException { InnerException: DbException }
            && !(cause is DbException failure && !Database.Engine.Errors.IsAnswer(failure))
            && Database.Session.State == ConnectionState.Open;
        if (cause is DbException && !known && Database.JournalSession != Database.Session)
        {
            // The connection went away, perhaps after a commit that the server carried out. What it holds is the truth, as after
            // a crash; our last count, written over it by another session, might not be.
            return;
        }

        var entry = _progress.Entry;
        if (known)
        {
            var remains = index >= 0 && index < Statements.Count && Database.Judge.LeavesRemains(Statements[index]);
            entry = entry with { StatementStarted = remains ? entry.StatementStarted : 0, Fingerprint = null };
        }

        if (IsDown && _before is not null && entry is { StatementsDone: 0, StatementStarted: 0 })
        {
            // Nothing of the way down has happened: it is as applied as it was.
            await JournalFailureAsync(_before with { Error = $"down: statement {index + 1}: {Database.Engine.Errors.Describe(cause)}" });
            return;
        }

        await JournalFailureAsync(_progress.Timed(entry with
        {
            State = FailedState,
            Error = $"statement {index + 1}: {Database.Engine.Errors.Describe(cause)}",
        }));
    }
}
