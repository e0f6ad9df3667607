using System.Text.RegularExpressions;
using Buffkit.Migrations;
using Buffkit.Migrations.MySql;
using Buffkit.Migrations.Postgres;

namespace Buffkit.Tests;

/// <summary>The splitters against the golden files of atlas and goose.</summary>
public sealed partial class SplitterGoldenTests
{
    /// <summary>Cases that the engines' own clients read otherwise, or that are about something we do not have.</summary>
    private static readonly Dictionary<string, string> Differences = new(StringComparer.Ordinal)
    {
        ["lex/3_delimiter.sql"] = AtlasDelimiter,
        ["lex/4_delimiter.sql"] = AtlasDelimiter,
        ["lex/5_delimiter.sql"] = AtlasDelimiter,
        ["lex/7_delimiter_2n.sql"] = AtlasDelimiter,
        ["lex/8_delimiter_3n.sql"] = AtlasDelimiter,
        ["lex/13_delimiter_mysql_command.sql"] = "Its last case is DELIMITER \\n\\n; the mysql client refuses a backslash, and so do we.",
        ["lex/15_dollar_quote.sql"] = "PostgreSQL has no # comments; checked below without them.",
        ["lex/19_ms_gocmd.sql"] = "GO belongs to SQL Server.",
        ["lex/20_ms_go-delim.sql"] = "GO belongs to SQL Server.",
        ["goose/test02"] = GooseBlock,
        ["goose/test09"] = GooseBlock,
    };

    private const string AtlasDelimiter = "Atlas's own directive -- atlas:delimiter; the mysql client's DELIMITER is its equal here.";
    private const string GooseBlock = "goose sends the statements between its annotations as one; the engine's client and we split them.";

    [Theory]
    [InlineData("lex")]
    [InlineData("lexescaped")]
    [InlineData("lexgroup")]
    public void Atlas_EveryCase_SplitsAsItsGoldenFile(string folder)
    {
        var failures = new List<string>();
        var checkedCases = 0;
        foreach (var path in Directory.GetFiles(Path.Combine(SharedCases.Folder("atlas"), folder), "*.sql"))
        {
            var name = $"{folder}/{Path.GetFileName(path)}";
            if (Differences.ContainsKey(name))
            {
                continue;
            }

            checkedCases++;
            Compare(name, File.ReadAllText(path), Dialect(name), File.ReadAllText(path + ".golden").Split("\n-- end --\n"), failures);
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        Assert.NotEqual(0, checkedCases);
    }

    [Fact]
    public void Atlas_DollarQuotesWithoutHashComments_SplitAsTheirGoldenFile()
    {
        var path = Path.Combine(SharedCases.Folder("atlas"), "lex", "15_dollar_quote.sql");
        var sql = string.Join('\n', File.ReadLines(path).Where(line => line != "# Shorter examples."));
        var failures = new List<string>();
        Compare("15_dollar_quote", sql, PostgresDialect.Value, File.ReadAllText(path + ".golden").Split("\n-- end --\n"), failures);
        Assert.Empty(failures);
    }

    [Fact]
    public void Goose_EveryCase_SplitsAsItsGoldenFiles()
    {
        var failures = new List<string>();
        foreach (var folder in Directory.GetDirectories(Path.Combine(SharedCases.Folder("goose"), "valid-up")))
        {
            var name = $"goose/{Path.GetFileName(folder)}";
            if (Differences.ContainsKey(name))
            {
                continue;
            }

            var lines = File.ReadLines(Path.Combine(folder, "input.sql"))
                .TakeWhile(line => !line.StartsWith("-- +goose Down", StringComparison.OrdinalIgnoreCase))
                .Where(line => !line.StartsWith("-- +goose", StringComparison.OrdinalIgnoreCase));
            var golden = Directory.GetFiles(folder, "*.golden.sql").Order(StringComparer.Ordinal)
                .Select(file => TrailingComments().Replace(File.ReadAllText(file).TrimEnd(), ""));
            Compare(name, string.Join('\n', lines), name.EndsWith("08", StringComparison.Ordinal) ? MySqlDialect.Value : PostgresDialect.Value, golden, failures);
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    /// <summary>goose keeps the comments that follow a statement, we keep those inside.</summary>
    [GeneratedRegex(@";(\s*--[^\n]*\n?)+\z")]
    private static partial Regex TrailingComments();

    private static SqlDialect Dialect(string name) =>
        name.Contains("dollar", StringComparison.Ordinal) || name.Contains("atomic", StringComparison.Ordinal)
            || name.Contains("17_paren", StringComparison.Ordinal) || name.Contains("18_pg", StringComparison.Ordinal)
            || name.Contains(".pg.", StringComparison.Ordinal)
            ? PostgresDialect.Value
            : MySqlDialect.Value;

    private static void Compare(string name, string sql, SqlDialect dialect, IEnumerable<string> golden, List<string> failures)
    {
        var expected = golden.Select(Normalize).Where(text => text.Length > 0).ToList();
        List<string> actual;
        try
        {
            actual = StatementSplitter.Split(sql.ReplaceLineEndings("\n"), dialect).Select(s => Normalize(s.Text)).ToList();
        }
        catch (ScriptSyntaxException e)
        {
            failures.Add($"{name}: line {e.Line}: {e.Message}");
            return;
        }

        if (!expected.SequenceEqual(actual))
        {
            failures.Add($"{name}: expected {expected.Count}, got {actual.Count}:\n{string.Join("\n=====\n", actual.Except(expected).Take(3))}\nFOR\n{string.Join("\n=====\n", expected.Except(actual).Take(3))}");
        }
    }

    private static string Normalize(string text) => text.ReplaceLineEndings("\n").Trim().TrimEnd(';').TrimEnd();
}
