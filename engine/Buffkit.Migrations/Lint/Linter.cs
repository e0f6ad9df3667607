using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Holds a script against the rules.</summary>
internal static partial class Linter
{
    public static IEnumerable<LintFinding> Lint(ScriptFile file, MigrationEngine engine)
    {
        var created = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var statements = file.Statements(engine);
        LintRule[] rules = [.. engine.LintRules, .. LintRules.Common];
        for (var at = 0; at < statements.Count; at++)
        {
            var statement = statements[at];
            var text = StatementCode.WithPlainNames(statement);
            if (CreateTable().Match(text) is { Success: true } create)
            {
                created.Add(LastName(create.Groups["table"].Value));
            }

            foreach (var rule in rules)
            {
                if ((rule.InTransaction is not { } only || only != file.Header.NoTransaction)
                    && !file.Header.LintIgnored.Contains(rule.Name, StringComparer.OrdinalIgnoreCase)
                    && rule.Pattern.IsMatch(text)
                    && rule.Unless?.IsMatch(text) != true
                    && (rule.OnlyBefore is not { } before || Any(statements, at + 1, statements.Count, before))
                    && (rule.UnlessBehind is not { } behind || !Any(statements, 0, at, behind))
                    && !(rule.OnlyExistingTables && TableOf(text) is { } table && created.Contains(table)))
                {
                    yield return new LintFinding(rule.Name, file.Path, statement.Line, rule.Message);
                }
            }
        }
    }

    private static bool Any(IReadOnlyList<Statement> statements, int from, int to, Regex pattern)
    {
        for (var at = from; at < to; at++)
        {
            if (pattern.IsMatch(StatementCode.WithPlainNames(statements[at])))
            {
                return true;
            }
        }

        return false;
    }

    private static string? TableOf(string text) =>
        Table().Match(text) is { Success: true } match ? LastName(match.Groups["table"].Value) : null;

    private static string LastName(string name)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        return last is ['"', .. var quoted, '"'] ? quoted[StatementCode.QuotedName.Length..] : last;
    }

    private const string Name = @"[\w$.""]+";

    [GeneratedRegex($@"^\s*CREATE\s+(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED)\s+)*TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?<table>{Name})", RegexOptions.IgnoreCase)]
    private static partial Regex CreateTable();

    [GeneratedRegex($@"^\s*(?:ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?(?<table>{Name})|CREATE\s+(?:\w+\s+)?INDEX\b.*?\sON\s+(?:ONLY\s+)?(?<table>{Name})|(?:UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE(?:\s+IF\s+EXISTS)?)\s+(?:ONLY\s+)?(?<table>{Name}))", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Table();
}
