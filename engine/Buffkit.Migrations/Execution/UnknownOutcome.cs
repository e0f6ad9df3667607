namespace Buffkit.Migrations;

/// <summary>The question to a person what became of a statement, where the database cannot tell.</summary>
internal static class UnknownOutcome
{
    /// <summary>Says which statement, where to look, and what to answer.</summary>
    /// <param name="script">The script that stopped.</param>
    /// <param name="database">Where it ran.</param>
    /// <param name="entry">What the journal says of it.</param>
    public static ScriptProblem Of(MigrationScript script, MigrationDatabase database, JournalEntry entry)
    {
        var statements = script.File.Statements(database.Engine);
        var statement = statements[entry.StatementsDone];
        return ScriptProblem.Error(
            ProblemKind.HalfApplied,
            script.File.Path,
            $"Statement {entry.StatementStarted} of {statements.Count} ({statement.Summary}) was under way when its runner stopped, and "
            + $"whether it took effect cannot be told for certain. Look at {database.Judge.WhereToLook(statement)}. If it took effect, run "
            + $"'repair --statement-done {script.Name}'; if not, undo what there is of it and run 'repair --statement-not-done {script.Name}'. "
            + $"Then run '{(script.Direction == Direction.Down ? "down" : "up")}' to go on.",
            statement.Line);
    }
}
