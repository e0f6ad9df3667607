namespace Buffkit.Migrations;

/// <summary>Where to go on with a script that an earlier run did not finish.</summary>
internal sealed partial class StatementwiseRun
{
    /// <returns>The index of the statement to go on with.</returns>
    private async Task<int> ResumeAsync(CancellationToken cancellation)
    {
        if (_progress.Earlier is not { } earlier)
        {
            await _progress.WriteAsync(_progress.Entry, cancellation);
            return 0;
        }

        if (Script.Migration.Kind != ScriptKind.Versioned && earlier.Checksum != Script.File.Checksum)
        {
            // It is written to be repeated, and what it says now is what counts.
            await _progress.WriteAsync(_progress.With(0), cancellation);
            return 0;
        }

        if (!_progress.StillBeginsAs(earlier))
        {
            throw new MigrationValidationException([ScriptProblem.Error(
                ProblemKind.Changed,
                FileName,
                $"Its first {earlier.StatementsDone} statements have taken effect, and the file now begins otherwise. Restore them and correct what follows, or mend the schema by hand and run 'repair --applied {Script.Name}' or 'repair --pending {Script.Name}'.")]);
        }

        await ReplaySessionAsync(earlier.StatementsDone, cancellation);
        var done = await SettleAsync(earlier, cancellation);
        await _progress.WriteAsync(_progress.With(done), cancellation);
        return done;
    }

    /// <summary>Finds out what became of the statement that was under way when the last run stopped.</summary>
    private async Task<int> SettleAsync(JournalEntry earlier, CancellationToken cancellation)
    {
        var done = earlier.StatementsDone;
        if (earlier.StatementStarted != done + 1 || done >= Statements.Count)
        {
            return done;
        }

        switch (await Database.Judge.SettleAsync(Statements[done], earlier.Fingerprint, cancellation))
        {
            case StatementOutcome.Done:
                return done + 1;
            case StatementOutcome.NotDone:
                return done;
            default:
                var question = UnknownOutcome.Of(Script, Database, earlier);
                await JournalFailureAsync(_progress.Timed(_progress.Entry with { State = FailedState, Error = question.Message }));
                throw new MigrationValidationException([question]);
        }
    }

    /// <summary>What earlier statements set for the session went away with it.</summary>
    private async Task ReplaySessionAsync(int done, CancellationToken cancellation)
    {
        for (var index = 0; index < done; index++)
        {
            if (Database.Engine.Kinds.Of(Statements[index]) == StatementKind.Session)
            {
                await ExecuteAsync(index, cancellation);
            }
        }
    }
}
