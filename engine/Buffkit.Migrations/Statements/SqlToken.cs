namespace Buffkit.Migrations;

/// <summary>A piece of a text of SQL.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Its first character.</param>
/// <param name="Length">How many characters it has, quotes included.</param>
/// <param name="IsClosed">Whether the text holds its end; what is not closed reaches to the end of the text.</param>
internal readonly record struct SqlToken(SqlTokenKind Kind, int Start, int Length, bool IsClosed = true)
{
    /// <summary>Gets the place behind its last character.</summary>
    public int End => Start + Length;

    /// <summary>Gets a value indicating whether it says something to a server.</summary>
    public bool IsCode => Kind is not (SqlTokenKind.LineComment or SqlTokenKind.BlockComment or SqlTokenKind.CodeMark);
}
