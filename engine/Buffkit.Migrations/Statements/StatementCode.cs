using System.Text;

namespace Buffkit.Migrations;

/// <summary>A statement's code alone, for those who must know what it is.</summary>
internal static class StatementCode
{
    /// <summary>What stands before a name that was quoted, in <see cref="WithPlainNames"/>.</summary>
    public const string QuotedName = "__";

    private delegate ReadOnlySpan<char> TextOf(SqlLexer lexer, SqlToken token);

    /// <summary>
    /// The tokens of a statement with one space where space or comments stood. Strings are emptied (<c>''</c>), so that
    /// no rule trips over data; names keep their quotes; the code in MySQL's executable comments counts as code.
    /// </summary>
    /// <param name="sql">One statement.</param>
    /// <param name="dialect">The rules that held where it stands.</param>
    /// <exception cref="ScriptSyntaxException">Something is not closed.</exception>
    public static string Bare(string sql, SqlDialect dialect) =>
        Write(sql, dialect, (lexer, token) => token.Kind == SqlTokenKind.String ? "''" : lexer.TextOf(token));

    /// <summary>The same with strings as they are, for settings whose value is one: all in single quotes, and none with a backslash.</summary>
    public static string WithStrings(Statement statement) => Write(statement.Text, statement.Dialect, (lexer, token) =>
        token.Kind == SqlTokenKind.String
            ? $"'{lexer.ValueOf(token).Replace("'", "''", StringComparison.Ordinal).Replace('\\', '/')}'"
            : lexer.TextOf(token));

    /// <summary>The same with each quoted name as one word, which no keyword is a part of.</summary>
    public static string WithPlainNames(Statement statement) => Write(statement.Text, statement.Dialect, (lexer, token) => token.Kind switch
    {
        SqlTokenKind.String => "''",
        SqlTokenKind.Name => PlainName(lexer.NameOf(token)),
        _ => lexer.TextOf(token),
    });

    private static string PlainName(string name)
    {
        var plain = new StringBuilder("\"" + QuotedName);
        foreach (var c in name)
        {
            if (char.IsLetterOrDigit(c) || c == '_')
            {
                plain.Append(c);
            }
            else
            {
                plain.Append(System.Globalization.CultureInfo.InvariantCulture, $"_{(int)c:x}_");
            }
        }

        return plain.Append('"').ToString();
    }

    private static string Write(string sql, SqlDialect dialect, TextOf text)
    {
        var lexer = new SqlLexer(sql, dialect);
        var bare = new StringBuilder(sql.Length);
        var end = 0;
        while (lexer.TryReadCode(out var token))
        {
            if (!token.IsClosed)
            {
                throw new ScriptSyntaxException(1 + sql.AsSpan(0, token.Start).Count('\n'), lexer.WhatIsNotClosed(token));
            }

            if (bare.Length > 0 && token.Start > end)
            {
                bare.Append(' ');
            }

            bare.Append(text(lexer, token));
            end = token.End;
        }

        return bare.ToString();
    }
}
