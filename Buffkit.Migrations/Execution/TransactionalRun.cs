using System.Data.Common;

namespace Buffkit.Migrations;

/// <summary>Runs a script and writes its line in the journal in one transaction: all of it, or nothing.</summary>
internal sealed class TransactionalRun(RunContext context, MigrationScript script) : ScriptRun(context, script)
{
    public override async Task RunAsync(CancellationToken cancellation)
    {
        var (leading, inside, trailing) = Arrange();
        var entry = Context.Journal.NewEntry(Script, EndState);
        var before = Context.Journal.Entries.GetValueOrDefault(Script.Name);
        var current = 0;
        var begun = false;
        var committed = false;
        var touched = false;
        try
        {
            foreach (var index in leading)
            {
                touched = true;
                await ExecuteAsync(current = index, cancellation);
            }

            await Database.BeginAsync(Script.File.Header, cancellation);
            begun = true;
            foreach (var index in inside)
            {
                touched |= Database.KindOf(Statements[index]) == StatementKind.Session;
                await ExecuteAsync(current = index, cancellation);
            }

            if (touched && Database.Engine == MigrationEngine.Postgres)
            {
                // The script may have changed role or search path, and the journal's line is ours.
                await Database.ResetSessionAsync(cancellation);
            }

            entry = entry with { StatementsDone = Statements.Count, Duration = Elapsed, At = Context.Time.GetUtcNow().UtcDateTime };
            await Context.Journal.WriteAsync(entry, Database.Session, cancellation);
            cancellation.ThrowIfCancellationRequested();
            // From here on there is no way back, so the token no longer counts: a commit that was cut off in flight
            // would leave everyone guessing.
            await Database.ExecuteAsync("COMMIT", CancellationToken.None);
            committed = true;
            foreach (var index in trailing)
            {
                touched = true;
                await ExecuteAsync(current = index, CancellationToken.None);
            }
        }
        catch (Exception e) when (committed)
        {
            throw Failure(current, e, "All before it has been committed and counts as done.");
        }
        catch (Exception e)
        {
            if (begun)
            {
                await RollbackAsync();
            }

            var error = $"statement {current + 1}: {RunContext.Describe(e)}";
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

            throw Failure(current, e, "Nothing of it remains. Correct the file and run again.");
        }
        finally
        {
            if (touched)
            {
                await ResetAsync();
            }
        }
    }

    /// <summary>
    /// Takes out what cannot stand inside our transaction: the script's own BEGIN and COMMIT around everything, which
    /// ours replaces, and on SQLite the PRAGMAs before and after, which have no effect inside.
    /// </summary>
    private (IReadOnlyList<int> Before, IReadOnlyList<int> Inside, IReadOnlyList<int> After) Arrange()
    {
        var kinds = Statements.Select(Database.KindOf).ToList();
        var all = Enumerable.Range(0, Statements.Count).ToList();
        var before = new List<int>();
        var after = new List<int>();
        if (Database.Engine == MigrationEngine.Sqlite)
        {
            before = [.. all.TakeWhile(index => kinds[index] == StatementKind.Session)];
            after = [.. all.Skip(before.Count).Reverse().TakeWhile(index => kinds[index] == StatementKind.Session).Reverse()];
        }

        var inside = all.Skip(before.Count).Take(all.Count - before.Count - after.Count).ToList();
        var own = inside.Where(index => kinds[index] is StatementKind.Begin or StatementKind.Commit or StatementKind.Rollback).ToList();
        if (own.Count == 0)
        {
            return (before, inside, after);
        }

        var wraps = own is [var begin, var commit]
            && kinds[begin] == StatementKind.Begin && kinds[commit] == StatementKind.Commit
            && commit == inside[^1]
            && inside.TakeWhile(index => index != begin).All(index => kinds[index] == StatementKind.Session);
        if (!wraps)
        {
            var statement = Statements[own[0]];
            throw new MigrationFailedException(
                $"{FileName}:{statement.Line}: the script has transactions of its own ({statement.Summary}). "
                + "Remove them, since each migration is one transaction anyway, or put '-- no-transaction' into its header.");
        }

        return (before, inside.Except(own).ToList(), after);
    }

    private async Task RollbackAsync()
    {
        try
        {
            await Database.ExecuteAsync("ROLLBACK", CancellationToken.None);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException)
        {
            // A session that is gone has been rolled back by the server; SQLite ends some transactions itself.
            Context.LogRollback(e, Script.Name);
        }
    }

    private async Task ResetAsync()
    {
        try
        {
            await Database.ResetSessionAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or IOException)
        {
            Context.LogRollback(e, Script.Name);
        }
    }
}
