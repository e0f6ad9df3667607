namespace Buffkit.Migrations.MySql;

/// <summary>A word, a name in quotes or a sign of a MySQL statement.</summary>
internal readonly record struct MySqlToken(string Text, bool Quoted)
{
    public bool IsName => Quoted || char.IsLetterOrDigit(Text[0]) || Text[0] is '_' or '$';

    public bool Is(string keyword) => !Quoted && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a statement; comments and strings are left out, the code in executable comments is not.</summary>
    public static List<MySqlToken> Read(Statement statement)
    {
        var lexer = new SqlLexer(statement.Text, statement.Dialect);
        var tokens = new List<MySqlToken>();
        while (lexer.TryReadCode(out var token))
        {
            if (token.Kind != SqlTokenKind.String)
            {
                tokens.Add(new MySqlToken(lexer.NameOf(token), token.Kind == SqlTokenKind.Name));
            }
        }

        return tokens;
    }
}
