using System.Text;

namespace Buffkit.Migrations;

/// <summary>A statement's code alone, for those who must know what it is.</summary>
internal sealed partial class StatementSplitter
{
    /// <summary>
    /// The tokens of a statement with one space where space or comments stood. Strings are emptied (<c>''</c>), so that
    /// no rule trips over data; names keep their quotes; the code in MySQL's executable comments counts as code.
    /// </summary>
    /// <param name="sql">One statement.</param>
    /// <param name="dialect">The rules that held where it stands.</param>
    /// <param name="keepStrings">Whether strings stay as they are, for settings whose value is one.</param>
    public static string Bare(string sql, SqlDialect dialect, bool keepStrings = false) =>
        new StatementSplitter(sql, dialect).ReadBare(keepStrings);

    private string ReadBare(bool keepStrings)
    {
        var bare = new StringBuilder();
        var gap = false;
        while (_position < _sql.Length)
        {
            if (TrySpace() || TryComment() || TryExecutableMark())
            {
                gap = true;
                continue;
            }

            if (gap && bare.Length > 0)
            {
                bare.Append(' ');
            }

            gap = false;
            var from = _position;
            var isString = IsString(_sql[from]);
            if (TryQuoted(_sql[from]))
            {
                bare.Append(isString && !keepStrings ? "''" : _sql.AsSpan(from, _position - from));
            }
            else
            {
                // Digits begin a word here, so that the dollar in a$b$ and 1$b$ begins no string.
                do
                {
                    _position++;
                }
                while (IsWordPart(_sql[from]) && _position < _sql.Length && IsWordPart(_sql[_position]));
                bare.Append(_sql.AsSpan(from, _position - from));
            }
        }

        return bare.ToString();
    }

    private bool TrySpace()
    {
        if (!char.IsWhiteSpace(_sql[_position]))
        {
            return false;
        }

        _position++;
        return true;
    }

    private bool IsString(char quote) => quote is '\'' or '$' || (quote == '"' && _dialect.DoubleQuotedStrings);

    /// <summary>What makes code of a comment: <c>/*!</c> with a version, and its end.</summary>
    private bool TryExecutableMark()
    {
        if (!_dialect.ExecutableComments || !(At("/*!") || At("/*M!") || At("*/")))
        {
            return false;
        }

        _position += At("/*M!") ? 4 : At("*/") ? 2 : 3;
        while (_position < _sql.Length && char.IsAsciiDigit(_sql[_position]))
        {
            _position++;
        }

        return true;
    }
}
