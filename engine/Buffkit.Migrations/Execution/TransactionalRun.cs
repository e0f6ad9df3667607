namespace Buffkit.Migrations;

/// <summary>Runs a script and writes its line in the journal in one transaction: all of it, or nothing.</summary>
internal sealed class TransactionalRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    protected override async Task RunScriptAsync(CancellationToken cancellation)
    {
        var (leading, inside, trailing) = TransactionLayout.Of(Script, Database);
        var entry = Context.Journal.NewEntry(Script, EndState);
        var before = Context.Journal.Entries.GetValueOrDefault(Script.Name);
        var current = 0;
        var begun = false;
        var committed = false;
        try
        {
            foreach (var index in leading)
            {
                await ExecuteAsync(current = index, cancellation);
            }

            await Database.BeginAsync(Script.File.Header, cancellation);
            begun = true;
            await Database.NoteReferencesAsync(cancellation);
            var together = inside is [var only] && trailing.Count == 0 && CanEndTheTransaction(Statements[only])
                && Context.Journal.TryCommitWithNext(entry with { StatementsDone = Statements.Count });
            foreach (var index in inside)
            {
                await ExecuteAsync(current = index, cancellation);
            }

            await Database.CheckReferencesAsync(cancellation);
            if (Touched)
            {
                // The script may have changed role or search path, and the journal's line is ours.
                await Database.ResetSettingsAsync(cancellation);
            }

            entry = entry with { StatementsDone = Statements.Count, Duration = Elapsed, At = Context.Time.GetUtcNow().UtcDateTime };
            if (together)
            {
                Context.Journal.Remember(entry);
            }
            else
            {
                cancellation.ThrowIfCancellationRequested();
                await Context.Journal.CommitAsync(entry, cancellation);
            }

            committed = true;
            foreach (var index in trailing)
            {
                await ExecuteAsync(current = index, CancellationToken.None);
            }
        }
        catch (Exception e) when (committed)
        {
            throw Failure(current, e, await IsLostAsync(e)
                ? "All before it has been committed and counts as done; whether it took effect is not known, since the connection was lost. Run again."
                : "All before it has been committed and counts as done.");
        }
        catch (Exception e)
        {
            var isLost = await IsLostAsync(e);
            if (begun)
            {
                await QuietlyAsync(Database.RollbackAsync);
            }

            var error = $"statement {current + 1}: {Database.Engine.Errors.Describe(e)}";
            await JournalFailureAsync(IsDown && before is not null ? before with { Error = "down: " + error } : entry with
            {
                State = FailedState,
                StatementsDone = 0,
                StatementStarted = 0,
                Duration = Elapsed,
                At = Context.Time.GetUtcNow().UtcDateTime,
                Error = error,
            });
            if (e is OperationCanceledException || Statements.Count == 0)
            {
                throw;
            }

            throw Failure(current, e, isLost
                ? "The connection was lost, so it is not known whether the migration was committed; it is there as a whole or not at all. Run again: the journal, which is written in the same transaction, knows."
                : "Nothing of it remains. Correct the file and run again.");
        }
    }

    /// <summary>Most migrations are one statement. It goes to the server with all that is around it, unless the journal must wait for it.</summary>
    private bool CanEndTheTransaction(Statement statement) => statement.CopyData is null && !Database.Engine.Kinds.Touches(statement);
}
