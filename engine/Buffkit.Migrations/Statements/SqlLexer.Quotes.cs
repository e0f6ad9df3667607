using System.Text;

namespace Buffkit.Migrations;

/// <summary>Strings and quoted names.</summary>
internal sealed partial class SqlLexer
{
    /// <summary>Where the last string ended, if it had escapes by its <c>E</c> and nothing but comments has followed.</summary>
    private int _escapeStringEnd = -1;

    /// <summary>A quoted name as the server knows it, any other token as it is.</summary>
    public string NameOf(SqlToken token) => token.Kind == SqlTokenKind.Name ? Content(token, escapes: false) : TextOf(token).ToString();

    /// <summary>What stands in a string. What an escape other than that of a quote or a backslash means is left to the server.</summary>
    public string ValueOf(SqlToken token) => Content(token, token.Kind == SqlTokenKind.String && Escapes(token.Start));

    private SqlToken? Quoted(char c) => c switch
    {
        '\'' => UpTo(SqlTokenKind.String, QuoteEnd(c, Escapes(Position))),
        '"' when Dialect.DoubleQuotedStrings => UpTo(SqlTokenKind.String, QuoteEnd(c, Dialect.BackslashEscapes)),
        '"' => UpTo(SqlTokenKind.Name, QuoteEnd(c, escapes: false)),
        '`' when Dialect.BacktickNames => UpTo(SqlTokenKind.Name, QuoteEnd(c, escapes: false)),
        // Its end cannot be written in it, not even twice.
        '[' when Dialect.BracketNames => UpTo(SqlTokenKind.Name, Text.IndexOf(']', Position) + 1 is var end and > 0 ? end : -1),
        '$' when Dialect.DollarQuotes && DollarTag(Position) is { Length: > 0 } tag =>
            UpTo(SqlTokenKind.String, Text.IndexOf(tag, Position + tag.Length, StringComparison.Ordinal) is var close and >= 0 ? close + tag.Length : -1),
        _ => null,
    };

    /// <returns>Less than nothing where it has no end.</returns>
    private int QuoteEnd(char quote, bool escapes)
    {
        var at = Position + 1;
        while (at < Text.Length)
        {
            var rest = Text.AsSpan(at);
            var found = escapes ? rest.IndexOfAny(quote, '\\') : rest.IndexOf(quote);
            if (found < 0)
            {
                return -1;
            }

            at += found + 1;
            if (Text[at - 1] == quote && (at >= Text.Length || Text[at] != quote))
            {
                return at;
            }

            // What is escaped, by a backslash or by being doubled.
            at++;
        }

        return -1;
    }

    private bool Escapes(int quote) =>
        Text[quote] == '"' ? Dialect.BackslashEscapes && Dialect.DoubleQuotedStrings
        : Text[quote] == '\'' && (Dialect.BackslashEscapes || (Dialect.EscapeStrings && (FollowsE(quote) || GoesOn(quote))));

    /// <summary>The E must stand alone, not end a word.</summary>
    private bool FollowsE(int quote) =>
        quote > 0 && Text[quote - 1] is 'e' or 'E' && (quote == 1 || !IsWordPart(Text[quote - 2]));

    /// <summary>Strings with a line's end between them are one.</summary>
    private bool GoesOn(int quote) =>
        _escapeStringEnd >= 0 && _escapeStringEnd < quote && Text.AsSpan(_escapeStringEnd, quote - _escapeStringEnd).IndexOfAny('\r', '\n') >= 0;

    private void NoteEscapeString(SqlToken token)
    {
        if (token.Kind == SqlTokenKind.String)
        {
            _escapeStringEnd = Dialect.EscapeStrings && Text[token.Start] == '\'' && Escapes(token.Start) ? token.End : -1;
        }
        else if (token.Kind != SqlTokenKind.LineComment)
        {
            _escapeStringEnd = -1;
        }
    }

    /// <summary>The mark that a dollar quote begins and ends with; empty where none begins.</summary>
    private string DollarTag(int position)
    {
        var end = position + 1;
        while (end < Text.Length && IsWordStart(Text[end]))
        {
            end++;
        }

        return end < Text.Length && Text[end] == '$' && !char.IsDigit(Text[position + 1]) ? Text[position..(end + 1)] : "";
    }

    private string Content(SqlToken token, bool escapes)
    {
        var open = Text[token.Start] == '$' ? DollarTag(token.Start).Length : 1;
        var inside = Text.AsSpan(token.Start + open, Math.Max(0, token.Length - (token.IsClosed ? 2 * open : open)));
        if (open > 1 || Text[token.Start] is '[' or '$')
        {
            return inside.ToString();
        }

        var content = new StringBuilder(inside.Length);
        for (var at = 0; at < inside.Length; at++)
        {
            // The first of two quotes, or the backslash.
            var passed = at + 1 < inside.Length && (inside[at] == Text[token.Start] || (escapes && inside[at] == '\\'));
            at += passed ? 1 : 0;
            content.Append(inside[at]);
        }

        return content.ToString();
    }
}
