namespace Buffkit.Migrations;

/// <summary>What cannot be sent, or cannot be made sense of.</summary>
internal sealed partial class StatementSplitter
{
    /// <summary>The text that has been read ends inside of a token: more of it, or an error.</summary>
    private void NotClosed(SqlToken token)
    {
        if (_last)
        {
            throw Error(token.Start, _lexer.WhatIsNotClosed(token));
        }
    }

    /// <summary>Looks at text that the window's end is followed by.</summary>
    private void RefuseNul(ReadOnlySpan<char> text)
    {
        if (_dialect.NulEndsText && text.IndexOf('\0') is var nul and >= 0)
        {
            throw Nul(_lines + text[..nul].Count('\n'));
        }
    }

    private static ScriptSyntaxException Nul(int line) => new(
        line, "A NUL character (U+0000) stands here, where the text would end for the server. Remove it; if every second character is one, save the file as UTF-8.");

    private ScriptSyntaxException BoundValue(SqlToken token) =>
        Error(token.Start, $"'{_lexer.TextOf(token)}' stands for a value that a program binds, and a script has none. Write the value itself, or quote the text.");

    /// <summary>Outside of quotes a backslash is never SQL, but <c>\connect</c>, <c>\gexec</c>, <c>\G</c>.</summary>
    private ScriptSyntaxException Backslash(int position) => Error(
        position, $"'{FirstWord(LineFrom(position))}' is a command of {(_dialect.CopyData ? "psql" : "the mysql client")}, which no server knows. Remove it.");

    private ScriptSyntaxException Error(int position, string message) => new(LineAt(position), message);
}
