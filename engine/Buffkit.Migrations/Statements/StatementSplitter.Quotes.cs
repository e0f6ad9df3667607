namespace Buffkit.Migrations;

/// <summary>Strings, quoted names, dollar quotes and comments.</summary>
internal sealed partial class StatementSplitter
{
    /// <summary>Reads the string or quoted name that begins here, if one does.</summary>
    private bool TryQuoted(char c)
    {
        switch (c)
        {
            case '\'' or '"':
                Quoted(c, EscapesApply(c));
                return true;
            case '`' when _dialect.BacktickNames:
                Quoted(c, escapes: false);
                return true;
            case '[' when _dialect.BracketNames:
                Quoted(']', escapes: false);
                return true;
            case '$':
                return TryDollarQuote();
            default:
                return false;
        }
    }

    private void Quoted(char close, bool escapes)
    {
        var from = _position++;
        while (_position < _sql.Length)
        {
            var c = _sql[_position++];
            if (c == '\\' && escapes)
            {
                _position++;
            }
            else if (c == close)
            {
                // A doubled quote reads as the end of one string and the beginning of the next: the same to us.
                return;
            }
        }

        NotClosed(from, $"This {_sql[from]} is not closed.");
    }

    private bool EscapesApply(char quote) =>
        (_dialect.BackslashEscapes && (quote == '\'' || _dialect.DoubleQuotedStrings)) || (quote == '\'' && IsEscapeString());

    /// <summary>PostgreSQL's <c>E'…'</c>: the E must stand alone, not end a word.</summary>
    private bool IsEscapeString() =>
        _dialect.DollarQuotes
        && _position > 0 && _sql[_position - 1] is 'e' or 'E'
        && (_position == 1 || !IsWordPart(_sql[_position - 2]));

    private bool TryDollarQuote()
    {
        // MySQL knows them since 9.0, for routines in other languages; elsewhere a name may begin with $.
        if (!_dialect.DollarQuotes && !(_dialect.DelimiterCommand && Plain && _block.IsCompoundObject))
        {
            return false;
        }

        var end = _position + 1;
        while (end < _sql.Length && IsWordStart(_sql[end]))
        {
            end++;
        }

        if (end >= _sql.Length || _sql[end] != '$' || char.IsDigit(_sql[_position + 1]))
        {
            return false;
        }

        var tag = _sql[_position..(end + 1)];
        var close = _sql.IndexOf(tag, end + 1, StringComparison.Ordinal);
        if (close < 0)
        {
            NotClosed(_position, $"The string that begins with {tag} is not closed.");
            return true;
        }

        _position = close + tag.Length;
        return true;
    }

    private bool TryComment()
    {
        if (StartsLineComment())
        {
            // PostgreSQL ends a comment at a lone CR too.
            var end = _dialect.NestedComments ? _sql.IndexOfAny(['\r', '\n'], _position) : _sql.IndexOf('\n', _position);
            _position = end < 0 ? _sql.Length : end;
            return true;
        }

        if (!At("/*") || (_dialect.ExecutableComments && (At("/*!") || At("/*M!"))))
        {
            return false;
        }

        var from = _position;
        var depth = 1;
        _position += 2;
        while (depth > 0)
        {
            if (_position >= _sql.Length)
            {
                NotClosed(from, "This /* comment is not closed.");
                return true;
            }

            if (At("*/"))
            {
                depth--;
                _position += 2;
            }
            else if (_dialect.NestedComments && At("/*"))
            {
                depth++;
                _position += 2;
            }
            else
            {
                _position++;
            }
        }

        return true;
    }

    private bool StartsLineComment()
    {
        if (_dialect.HashComments)
        {
            // MySQL: 5--1 is a difference of 5 and -1.
            return At("#") || (At("--") && (_position + 2 >= _sql.Length || _sql[_position + 2] <= ' '));
        }

        return At("--");
    }

    private bool At(string token) => string.CompareOrdinal(_sql, _position, token, 0, token.Length) == 0;
}
