namespace Buffkit.Migrations;

/// <summary>Comments that begin a line and mean something to somebody, noted on the way.</summary>
internal sealed partial class StatementSplitter
{
    private readonly List<CommentMark> _marks = [];
    private int _keptMarks;
    private int _statements;

    /// <summary>Gets which lines are noted, by their text from the comment on.</summary>
    public Func<string, bool>? IsMark { private get; init; }

    /// <summary>Gets the marks up to here: only where a comment can stand, not in strings, block comments and quoted bodies.</summary>
    public IReadOnlyList<CommentMark> Marks => _marks;

    private void NoteMark()
    {
        if (IsMark is null || !BeginsLine())
        {
            return;
        }

        var line = LineFrom(Position);
        if (IsMark(line))
        {
            _marks.Add(new CommentMark(LineAt(Position), line.TrimEnd(), _statements, InStatement));
        }
    }

    private void KeepMarks() => _keptMarks = _marks.Count;

    private void ForgetMarks() => _marks.RemoveRange(_keptMarks, _marks.Count - _keptMarks);
}

/// <summary>A comment that begins a line.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Text">The line from the comment on.</param>
/// <param name="StatementsBefore">How many statements have ended before it.</param>
/// <param name="InStatement">Whether it stands inside another one.</param>
internal sealed record CommentMark(int Line, string Text, int StatementsBefore, bool InStatement);
