using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>What scripts hold beside SQL: commands of <c>mysql</c>, <c>psql</c> and <c>sqlite3</c>.</summary>
internal sealed partial class StatementSplitter
{
    /// <summary>Handles a line that is meant for an interactive client, at the beginning of a statement.</summary>
    private bool TryClientCommand()
    {
        if (_dialect.DelimiterCommand && DelimiterLine().Match(Sql, Position) is { Success: true } delimiter)
        {
            var text = delimiter.Groups["text"].Value.Trim();
            if (text.Length > 1 && text[0] is '\'' or '"' or '`' && text[^1] == text[0])
            {
                text = text[1..^1];
            }

            if (text.Length == 0 || text.Contains('\\', StringComparison.Ordinal))
            {
                throw Error(Position, "DELIMITER needs a text without a backslash, such as: DELIMITER $$");
            }

            _delimiter = text;
            _lexer.Delimiter = Plain ? null : text;
            Position += delimiter.Length;
            return true;
        }

        if (_dialect.CopyData && Sql[Position] == '\\' && LineFrom(Position) is var line && Ignorable().IsMatch(line))
        {
            Position += line.Length;
            return true;
        }

        if (_dialect.DelimiterCommand && SourceLine().IsMatch(Sql, Position))
        {
            throw Error(Position, "'source' is a command of the mysql client, which no server knows. Put the statements here.");
        }

        if (_dialect.BracketNames && Sql[Position] == '.')
        {
            throw Error(Position, $"'{FirstWord(LineFrom(Position))}' is a command of the sqlite3 shell. Remove the line.");
        }

        return false;
    }

    private string LineFrom(int position)
    {
        var end = Sql.IndexOf('\n', position);
        return end < 0 ? Sql[position..] : Sql[position..end];
    }

    private static string FirstWord(string line) => line.Split([' ', '\r', '\t'], 2)[0];

    [GeneratedRegex(@"\Gdelimiter(?:[ \t]+(?<text>[^\n]*))?(?=\r?\n|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex DelimiterLine();

    /// <summary>pg_dump guards its output with \restrict since 2025; the end of COPY data may stand after an empty COPY.</summary>
    [GeneratedRegex(@"^\\(?:restrict|unrestrict|\.)(?:\s|$)")]
    private static partial Regex Ignorable();

    [GeneratedRegex(@"\Gsource[ \t]+[^\s=(]", RegexOptions.IgnoreCase)]
    private static partial Regex SourceLine();
}
