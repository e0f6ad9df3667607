using System.Diagnostics.CodeAnalysis;

namespace Buffkit.Migrations;

/// <summary>Splits a script into the statements that its engine's own client would send.</summary>
/// <remarks>
/// A lexer, no parser: it knows strings, quoted names, comments, parentheses, and the blocks in which a semicolon does
/// not end the statement. What it cannot make sense of is an error with a line, never a guess.
/// </remarks>
internal sealed partial class StatementSplitter
{
    private const string Semicolon = ";";

    private readonly SqlDialect _initial;
    private readonly CompoundBlock _block;

    private SqlDialect _dialect;
    private string _delimiter = Semicolon;
    private int _position;
    private int _start = -1;
    private int _depth;
    private int _openParenthesis;

    /// <summary>Reads a text that is in memory.</summary>
    public StatementSplitter(string sql, SqlDialect dialect)
        : this(dialect)
    {
        _sql = sql;
        _last = true;
    }

    private StatementSplitter(SqlDialect dialect)
    {
        _initial = _dialect = dialect;
        _block = new CompoundBlock(dialect);
    }

    private bool InStatement => _start >= 0;

    private bool Plain => _delimiter == Semicolon;

    /// <summary>Splits <paramref name="sql"/>, whose lines end in LF or CRLF.</summary>
    /// <exception cref="ScriptSyntaxException">A string, comment, block or parenthesis is not closed, or a line is a command of an interactive client.</exception>
    public static IReadOnlyList<Statement> Split(string sql, SqlDialect dialect)
    {
        var splitter = new StatementSplitter(sql, dialect);
        var statements = new List<Statement>();
        while (splitter.TryRead(out var statement))
        {
            statements.Add(statement);
        }

        return statements;
    }

    /// <summary>Reads the next statement.</summary>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="ScriptSyntaxException"><inheritdoc cref="Split" path="/exception"/></exception>
    public bool TryRead([NotNullWhen(true)] out Statement? statement)
    {
        if (_reader is null && _position == 0)
        {
            RefuseNul(_sql);
        }

        while (IsFilled())
        {
            if (!InStatement)
            {
                ItemBegins();
            }

            var c = _sql[_position];
            if (char.IsWhiteSpace(c))
            {
                _position++;
                continue;
            }

            if (!InStatement && TryClientCommand())
            {
                ItemBegins();
                continue;
            }

            if (c is '-' or '#')
            {
                NoteMark();
            }

            if (c == ';' && Plain && _depth == 0)
            {
                _block.Punctuation(c);
            }

            if (AtDelimiter())
            {
                statement = EndStatement(_position);
                _position += _delimiter.Length;
                statement = statement is null ? null : WithCopyData(statement);
                ItemBegins();
                if (statement is not null)
                {
                    return true;
                }

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

        statement = End();
        return statement is not null;
    }

    /// <summary>What the last statement leaves that no delimiter ends.</summary>
    private Statement? End()
    {
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

        return EndStatement(_sql.Length) is { } statement ? WithCopyData(statement) : null;
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
                throw Nul(LineAt(_position));
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

    private Statement? EndStatement(int end)
    {
        Statement? statement = null;
        if (InStatement && _sql[_start..end].TrimEnd() is { Length: > 0 } text)
        {
            statement = new Statement(text, LineAt(_start), _dialect);
            _statements++;
            NotePlace(_start, text);
            NoteSettings(statement);
            NoteCopy(statement);
        }

        Forget();
        return statement;
    }

    /// <summary>Outside of any statement again.</summary>
    private void Forget()
    {
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

    private static bool IsWordStart(char c) => char.IsLetter(c) || c is '_' || char.IsDigit(c) || c > '\x7f';

    private static bool IsWordPart(char c) => IsWordStart(c) || c is '$';

    private char At(int position) => position < _sql.Length ? _sql[position] : '\0';
}
