namespace Buffkit.Migrations;

/// <summary>What reading a script from its first to its last character found.</summary>
/// <param name="Statements">In order; as far as the text could be split.</param>
/// <param name="Marks">Comments that look like another tool's.</param>
/// <param name="Error">Why the text could not be split further.</param>
internal sealed record ScriptScan(
    IReadOnlyList<Statement> Statements, IReadOnlyList<CommentMark> Marks, ScriptSyntaxException? Error)
{
    /// <summary>Reads to the end.</summary>
    /// <param name="splitter">At the beginning of the text.</param>
    /// <param name="statements">What keeps the statements.</param>
    public static ScriptScan Of(StatementSplitter splitter, IScannedStatements statements)
    {
        try
        {
            while (splitter.TryRead(out var statement))
            {
                statements.Add(statement, splitter);
            }

            return new ScriptScan(statements, splitter.Marks, null);
        }
        catch (ScriptSyntaxException e)
        {
            return new ScriptScan(statements, splitter.Marks, e);
        }
    }
}
