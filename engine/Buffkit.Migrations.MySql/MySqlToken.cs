namespace Buffkit.Migrations.MySql;

/// <summary>A word, a name in backticks or a sign of a MySQL statement.</summary>
internal readonly record struct MySqlToken(string Text, bool Quoted)
{
    public bool IsName => Quoted || char.IsLetterOrDigit(Text[0]) || Text[0] is '_' or '$';

    public bool Is(string keyword) => !Quoted && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a statement; comments and strings are left out, the code in executable comments is not.</summary>
    public static List<MySqlToken> Read(string sql)
    {
        var tokens = new List<MySqlToken>();
        var at = 0;
        while (at < sql.Length)
        {
            var c = sql[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c == '#' || (At("--") && (at + 2 >= sql.Length || sql[at + 2] <= ' ')))
            {
                at = Before("\n");
            }
            else if (At("/*!") || At("/*M!"))
            {
                at = sql.IndexOf('!', at) + 1;
                while (at < sql.Length && char.IsAsciiDigit(sql[at]))
                {
                    at++;
                }
            }
            else if (At("/*"))
            {
                at = Math.Min(sql.Length, Before("*/") + 2);
            }
            else if (At("*/"))
            {
                at += 2;
            }
            else if (c is '\'' or '"' or '`')
            {
                var text = Quote(c);
                if (c == '`')
                {
                    tokens.Add(new MySqlToken(text, Quoted: true));
                }
            }
            else if (char.IsLetterOrDigit(c) || c is '_' or '$')
            {
                var from = at;
                while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '_' or '$'))
                {
                    at++;
                }

                tokens.Add(new MySqlToken(sql[from..at], Quoted: false));
            }
            else
            {
                tokens.Add(new MySqlToken(c.ToString(), Quoted: false));
                at++;
            }
        }

        return tokens;

        bool At(string text) => string.CompareOrdinal(sql, at, text, 0, text.Length) == 0;

        int Before(string end) => sql.IndexOf(end, at, StringComparison.Ordinal) is var found and >= 0 ? found : sql.Length;

        string Quote(char quote)
        {
            var text = new System.Text.StringBuilder();
            for (at++; at < sql.Length; at++)
            {
                if (sql[at] == '\\' && quote != '`')
                {
                    at++;
                }
                else if (sql[at] == quote)
                {
                    if (at + 1 >= sql.Length || sql[at + 1] != quote)
                    {
                        at++;
                        break;
                    }

                    text.Append(sql[at++]);
                }
                else
                {
                    text.Append(sql[at]);
                }
            }

            return text.ToString();
        }
    }
}
