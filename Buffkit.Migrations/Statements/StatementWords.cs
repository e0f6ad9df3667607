namespace Buffkit.Migrations;

/// <summary>The words of a statement, without its comments, strings and punctuation.</summary>
internal static class StatementWords
{
    private const int SummaryWords = 3;
    private const int SummaryLength = 80;

    /// <summary>Reads up to <paramref name="count"/> leading words in upper case; an executable comment's code counts.</summary>
    public static IReadOnlyList<string> Leading(string sql, int count)
    {
        var words = new List<string>(count);
        var i = 0;
        while (i < sql.Length && words.Count < count)
        {
            if (string.CompareOrdinal(sql, i, "/*!", 0, 3) == 0)
            {
                i += 3;
                while (i < sql.Length && char.IsDigit(sql[i]))
                {
                    i++;
                }
            }
            else if (string.CompareOrdinal(sql, i, "/*", 0, 2) == 0)
            {
                var end = sql.IndexOf("*/", i + 2, StringComparison.Ordinal);
                i = end < 0 ? sql.Length : end + 2;
            }
            else if (sql[i] == '#' || string.CompareOrdinal(sql, i, "--", 0, 2) == 0)
            {
                var end = sql.IndexOf('\n', i);
                i = end < 0 ? sql.Length : end;
            }
            else if (char.IsLetterOrDigit(sql[i]) || sql[i] is '_')
            {
                var from = i;
                while (i < sql.Length && (char.IsLetterOrDigit(sql[i]) || sql[i] is '_'))
                {
                    i++;
                }

                if (!char.IsDigit(sql[from]))
                {
                    // A number is data.
                    words.Add(sql[from..i].ToUpperInvariant());
                }
            }
            else if (words.Count > 0 && sql[i] is '\'' or '=')
            {
                // Beyond this may stand a value.
                break;
            }
            else
            {
                i++;
            }
        }

        return words;
    }

    public static string Summarize(string sql)
    {
        var summary = string.Join(' ', Leading(sql, SummaryWords));
        return summary.Length <= SummaryLength ? summary : summary[..SummaryLength];
    }
}
