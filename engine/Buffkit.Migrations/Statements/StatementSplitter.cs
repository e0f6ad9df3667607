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
    private readonly SqlLexer _lexer;

    private SqlDialect _dialect;
    private string _delimiter = Semicolon;
    private int _start = -1;
    private int _depth;
    private int _openParenthesis;

    /// <summary>Reads a text that is in memory.</summary>
    public StatementSplitter(string sql, SqlDialect dialect)
    {
        _initial = _dialect = dialect;
        _block = new CompoundBlock(dialect);
        _lexer = new SqlLexer(sql, dialect);
        _last = true;
    }

    private string Sql => _lexer.Text;

    private int Position
    {
        get => _lexer.Position;
        set => _lexer.Position = value;
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
        if (_reader is null && Position == 0)
        {
            RefuseNul(Sql);
        }

        while (IsFilled())
        {
            if (!InStatement)
            {
                ItemBegins();
            }

            if (_lexer.SkipSpace())
            {
                continue;
            }

            if (!InStatement && TryClientCommand())
            {
                ItemBegins();
                continue;
            }

            if (Sql[Position] is '-' or '#')
            {
                NoteMark();
            }

            var token = _lexer.Read();
            if (!token.IsClosed)
            {
                NotClosed(token);
            }
            else if (EndsStatement(token))
            {
                statement = EndStatement(token.Start);
                statement = statement is null ? null : WithCopyData(statement);
                ItemBegins();
                if (statement is not null)
                {
                    return true;
                }
            }
            else if (token.Kind is not (SqlTokenKind.LineComment or SqlTokenKind.BlockComment))
            {
                if (!InStatement)
                {
                    _start = token.Start;
                }

                Token(token);
            }
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

        return EndStatement(Sql.Length) is { } statement ? WithCopyData(statement) : null;
    }

    private bool EndsStatement(SqlToken token)
    {
        if (token.Kind == SqlTokenKind.Delimiter)
        {
            return true;
        }

        if (!Plain || _depth != 0 || !_lexer.IsSign(token, ';'))
        {
            return false;
        }

        _block.Punctuation(';');
        return !_block.IsOpen;
    }

    private void Token(SqlToken token)
    {
        switch (token.Kind)
        {
            case SqlTokenKind.Word or SqlTokenKind.Number:
                Word(token);
                break;
            case SqlTokenKind.CodeMark:
                break;
            case SqlTokenKind.Parameter:
                throw BoundValue(token);
            default:
                _block.Punctuation(Sql[token.Start]);
                Sign(token);
                break;
        }
    }

    private void Sign(SqlToken token)
    {
        if (token.Kind != SqlTokenKind.Sign)
        {
            return;
        }

        switch (Sql[token.Start])
        {
            case '(':
                if (_depth++ == 0)
                {
                    _openParenthesis = token.Start;
                }

                break;
            case ')':
                if (--_depth < 0 && Plain)
                {
                    throw Error(token.Start, "This ')' closes nothing.");
                }

                break;
            case '\\' when Plain && (_dialect.CopyData || _dialect.DelimiterCommand):
                throw Backslash(token.Start);
            case '\0':
                throw Nul(LineAt(token.Start));
        }
    }

    private void Word(SqlToken token)
    {
        if (!Plain)
        {
            return;
        }

        _block.Word(_lexer.TextOf(token), afterDot: token.Start > 0 && Sql[token.Start - 1] == '.', _depth);
        if (_dialect.DollarQuotesInRoutines && _block.IsCompoundObject && !_lexer.Dialect.DollarQuotes)
        {
            _lexer.Dialect = _dialect with { DollarQuotes = true };
        }
    }

    private Statement? EndStatement(int end)
    {
        Statement? statement = null;
        if (InStatement && Sql[_start..end].TrimEnd() is { Length: > 0 } text)
        {
            statement = new Statement(text, LineAt(_start), _lexer.Dialect);
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
        _lexer.Dialect = _dialect;
    }
}
