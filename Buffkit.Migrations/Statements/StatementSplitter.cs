namespace Buffkit.Migrations;

/// <summary>Splits a script into the statements that its engine's own client would send.</summary>
/// <remarks>
/// A lexer, no parser: it knows strings, quoted names, comments, parentheses, and the blocks in which a semicolon does
/// not end the statement. What it cannot make sense of is an error with a line, never a guess.
/// </remarks>
internal sealed partial class StatementSplitter
{
    private const string Semicolon = ";";

    private readonly string _sql;
    private readonly SqlDialect _initial;
    private SqlDialect _dialect;
    private readonly List<Statement> _statements = [];
    private readonly CompoundBlock _block;

    private string _delimiter = Semicolon;
    private int _position;
    private int _start = -1;
    private int _depth;
    private int _openParenthesis;
    private int _countedTo;
    private int _lines = 1;
    private HashSet<int>? _lineComments;

    private StatementSplitter(string sql, SqlDialect dialect)
    {
        _sql = sql;
        _initial = _dialect = dialect;
        _block = new CompoundBlock(dialect);
    }

    /// <summary>Splits <paramref name="sql"/>, whose lines end in LF or CRLF.</summary>
    /// <exception cref="ScriptSyntaxException">A string, comment, block or parenthesis is not closed, or a line is a command of an interactive client.</exception>
    public static IReadOnlyList<Statement> Split(string sql, SqlDialect dialect)
    {
        var splitter = new StatementSplitter(sql, dialect);
        splitter.Run();
        return splitter._statements;
    }

    /// <summary>Where a line begins with <c>--</c> or <c>#</c> outside of strings, block comments and quoted bodies, as far as the text can be split.</summary>
    public static HashSet<int> LineComments(string sql, SqlDialect dialect)
    {
        var splitter = new StatementSplitter(sql, dialect) { _lineComments = [] };
        try
        {
            splitter.Run();
        }
        catch (ScriptSyntaxException)
        {
            // Whoever runs the script hears of it.
        }

        return splitter._lineComments;
    }

    private bool InStatement => _start >= 0;

    private bool Plain => _delimiter == Semicolon;

    private void Run()
    {
        if (_dialect.NulEndsText && _sql.IndexOf('\0', StringComparison.Ordinal) is var nul and >= 0)
        {
            throw Nul(nul);
        }

        while (_position < _sql.Length)
        {
            var c = _sql[_position];
            if (char.IsWhiteSpace(c))
            {
                _position++;
                continue;
            }

            if (!InStatement && TryClientCommand())
            {
                continue;
            }

            if (_lineComments is not null && (c is '-' or '#') && BeginsLine())
            {
                _lineComments.Add(_position);
            }

            if (c == ';' && Plain && _depth == 0)
            {
                _block.Punctuation(c);
            }

            if (AtDelimiter())
            {
                EndStatement(_position);
                _position += _delimiter.Length;
                SkipCopyData();
                continue;
            }

            if (TryComment())
            {
                continue;
            }

            if (!InStatement)
            {
                _start = _position;
            }

            Token(c);
        }

        if (_depth > 0 && Plain)
        {
            throw Error(_openParenthesis, "This '(' is not closed.");
        }

        _block.Punctuation('\0');
        if (InStatement && _block.IsOpen)
        {
            throw Error(_start, _dialect.DelimiterCommand
                ? "The block of this statement has no END. If it has one, put DELIMITER $$ before the statement, and $$ and DELIMITER ; after it."
                : "The block of this statement has no END.");
        }

        EndStatement(_sql.Length);
        SkipCopyData();
    }

    private void Token(char c)
    {
        if (!IsWordStart(c))
        {
            _block.Punctuation(c);
        }

        switch (c)
        {
            case var _ when TryQuoted(c):
                break;
            case '(':
                if (_depth++ == 0)
                {
                    _openParenthesis = _position;
                }

                _position++;
                break;
            case ')':
                if (--_depth < 0 && Plain)
                {
                    throw Error(_position, "This ')' closes nothing.");
                }

                _position++;
                break;
            case '\\' when Plain && (_dialect.CopyData || _dialect.DelimiterCommand):
                throw Backslash();
            case '\0':
                throw Nul(_position);
            case '?' or ':' or '@' or '$' when _dialect.BoundValues && (c == '?' || IsWordStart(At(_position + 1))):
                throw BoundValue();
            case var _ when IsWordStart(c):
                Word();
                break;
            default:
                _position++;
                break;
        }
    }

    private bool AtDelimiter() =>
        string.CompareOrdinal(_sql, _position, _delimiter, 0, _delimiter.Length) == 0
        && (!Plain || (_depth == 0 && !_block.IsOpen));

    private void EndStatement(int end)
    {
        if (InStatement)
        {
            var text = _sql[_start..end].TrimEnd();
            if (text.Length > 0)
            {
                var statement = new Statement(text, LineAt(_start), _dialect);
                _statements.Add(statement);
                NoteSettings(statement);
                NoteCopy(statement);
            }
        }

        _start = -1;
        _depth = 0;
        _block.Reset();
    }

    /// <summary>Reads a word at once, so that <c>a$b$</c> is no dollar quote and <c>friend</c> holds no <c>end</c>.</summary>
    private void Word()
    {
        var from = _position;
        while (_position < _sql.Length && IsWordPart(_sql[_position]))
        {
            if (!Plain && _position > from && AtDelimiter())
            {
                break;
            }

            _position++;
        }

        if (Plain)
        {
            _block.Word(_sql.AsSpan(from, _position - from), afterDot: from > 0 && _sql[from - 1] == '.', _depth);
        }
    }

    private bool BeginsLine() =>
        _sql.AsSpan(0, _position) is var before && before[(before.LastIndexOf('\n') + 1)..].IsWhiteSpace();

    private static bool IsWordStart(char c) => char.IsLetter(c) || c is '_' || char.IsDigit(c) || c > '\x7f';

    private static bool IsWordPart(char c) => IsWordStart(c) || c is '$';

    /// <summary>Counts on from the last answer: scripts of many thousand statements are common.</summary>
    private int LineAt(int position)
    {
        if (position < _countedTo)
        {
            (_countedTo, _lines) = (0, 1);
        }

        _lines += _sql.AsSpan(_countedTo, position - _countedTo).Count('\n');
        _countedTo = position;
        return _lines;
    }

    private ScriptSyntaxException Nul(int position) => Error(
        position, "A NUL character (U+0000) stands here, where the text would end for the server. Remove it; if every second character is one, save the file as UTF-8.");

    private ScriptSyntaxException BoundValue()
    {
        var end = _position + 1;
        while (IsWordPart(At(end)))
        {
            end++;
        }

        return Error(_position, $"'{_sql[_position..end]}' stands for a value that a program binds, and a script has none. Write the value itself, or quote the text.");
    }

    private char At(int position) => position < _sql.Length ? _sql[position] : '\0';

    private ScriptSyntaxException Error(int position, string message) => new(LineAt(position), message);
}
