using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>What scripts hold beside SQL: commands of <c>mysql</c>, <c>psql</c> and <c>sqlite3</c>, and COPY data.</summary>
internal sealed partial class StatementSplitter
{
    private Statement? _copyPending;

    /// <summary>Handles a line that is meant for an interactive client, at the beginning of a statement.</summary>
    private bool TryClientCommand()
    {
        if (_dialect.DelimiterCommand && DelimiterLine().Match(_sql, _position) is { Success: true } delimiter)
        {
            var text = delimiter.Groups["text"].Value.Trim();
            if (text.Length > 1 && text[0] is '\'' or '"' or '`' && text[^1] == text[0])
            {
                text = text[1..^1];
            }

            if (text.Length == 0 || text.Contains('\\', StringComparison.Ordinal))
            {
                throw Error(_position, "DELIMITER needs a text without a backslash, such as: DELIMITER $$");
            }

            _delimiter = text;
            _position += delimiter.Length;
            return true;
        }

        if (_dialect.CopyData && _sql[_position] == '\\' && LineFrom(_position) is var line && Ignorable().IsMatch(line))
        {
            _position += line.Length;
            return true;
        }

        if (_dialect.DelimiterCommand && SourceLine().IsMatch(_sql, _position))
        {
            throw Error(_position, "'source' is a command of the mysql client, which no server knows. Put the statements here.");
        }

        if (_dialect.BracketNames && _sql[_position] == '.')
        {
            throw Error(_position, $"'{FirstWord(LineFrom(_position))}' is a command of the sqlite3 shell. Remove the line.");
        }

        return false;
    }

    /// <summary>Outside of quotes a backslash is never SQL, but <c>\connect</c>, <c>\gexec</c>, <c>\G</c>.</summary>
    private ScriptSyntaxException Backslash() => Error(
        _position, $"'{FirstWord(LineFrom(_position))}' is a command of {(_dialect.CopyData ? "psql" : "the mysql client")}, which no server knows. Remove it.");

    private void NoteCopy(Statement statement)
    {
        if (!_dialect.CopyData)
        {
            return;
        }

        if (CopyFromStdin().IsMatch(statement.Bare))
        {
            _copyPending = statement;
        }
        else if (CopyToStdout().IsMatch(statement.Bare))
        {
            throw new ScriptSyntaxException(statement.Line, "COPY … TO STDOUT sends data to a client, and nobody reads it here. Remove the statement.");
        }
    }

    private void SkipCopyData()
    {
        if (_copyPending is not { } copy)
        {
            return;
        }

        _copyPending = null;
        var lineEnd = _sql.IndexOf('\n', Math.Min(_position, _sql.Length));
        var from = lineEnd < 0 ? _sql.Length : lineEnd + 1;
        var end = EndOfCopyData().Match(_sql, from);
        if (!end.Success)
        {
            throw new ScriptSyntaxException(copy.Line, "The data of COPY … FROM stdin does not end with a line of '\\.'.");
        }

        _statements[^1] = copy with { CopyData = _sql[from..end.Index] };
        _position = end.Index + end.Length;
    }

    private string LineFrom(int position)
    {
        var end = _sql.IndexOf('\n', position);
        return end < 0 ? _sql[position..] : _sql[position..end];
    }

    private static string FirstWord(string line) => line.Split([' ', '\r', '\t'], 2)[0];

    [GeneratedRegex(@"\Gdelimiter(?:[ \t]+(?<text>[^\n]*))?(?=\r?\n|\z)", RegexOptions.IgnoreCase)]
    private static partial Regex DelimiterLine();

    /// <summary>pg_dump guards its output with \restrict since 2025; the end of COPY data may stand after an empty COPY.</summary>
    [GeneratedRegex(@"^\\(?:restrict|unrestrict|\.)(?:\s|$)")]
    private static partial Regex Ignorable();

    [GeneratedRegex(@"^COPY\s.*\sFROM\s+STDIN\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex CopyFromStdin();

    [GeneratedRegex(@"^COPY\s.*\sTO\s+STDOUT\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex CopyToStdout();

    [GeneratedRegex(@"\Gsource[ \t]+[^\s=(]", RegexOptions.IgnoreCase)]
    private static partial Regex SourceLine();

    [GeneratedRegex(@"^\\\.[ \t]*(?:\r?\n|\z)", RegexOptions.Multiline)]
    private static partial Regex EndOfCopyData();
}
