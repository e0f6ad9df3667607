namespace Buffkit.Migrations;

/// <summary>The words of a statement's code, without its strings, numbers and punctuation.</summary>
internal static class StatementWords
{
    private const int SummaryWords = 3;
    private const int SummaryLength = 80;

    /// <summary>Reads up to <paramref name="count"/> leading words in upper case.</summary>
    public static IReadOnlyList<string> Leading(Statement statement, int count)
    {
        var sql = statement.Bare;
        var words = new List<string>(count);
        var i = 0;
        while (i < sql.Length && words.Count < count)
        {
            if (char.IsLetterOrDigit(sql[i]) || sql[i] is '_')
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

    public static string Summarize(Statement statement)
    {
        var summary = string.Join(' ', Leading(statement, SummaryWords));
        return summary.Length <= SummaryLength ? summary : summary[..SummaryLength];
    }
}
