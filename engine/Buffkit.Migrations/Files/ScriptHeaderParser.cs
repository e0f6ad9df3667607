using System.Globalization;
using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Reads the directives of a script.</summary>
internal static partial class ScriptHeaderParser
{
    private static readonly string[] Names =
        ["depends", "no-transaction", "engines", "lock-timeout", "statement-timeout", "irreversible", "imported", "lint-ignore"];

    /// <summary>Reads the comments that a text begins with.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="dialect">By whose rules they are comments.</param>
    /// <param name="problem">Takes what is wrong, with its line.</param>
    public static ScriptHeader Parse(string sql, SqlDialect dialect, Action<int, string, bool> problem)
    {
        var header = new ScriptHeader();
        foreach (var (number, line) in LeadingLineComments(sql, dialect))
        {
            var comment = line.TrimStart('-').Trim();
            if (Directive().Match(comment) is not { Success: true } match)
            {
                continue;
            }

            var name = match.Groups["name"].Value.ToLowerInvariant();
            var value = match.Groups["value"].Value.Trim();
            if (Names.Contains(name, StringComparer.Ordinal))
            {
                header = Apply(header, name, value, text => problem(number, text, true));
            }
            else if (Nearest(name) is { } meant)
            {
                problem(number, $"'-- {comment}' is no directive. Did you mean '-- {meant}'?", false);
            }
        }

        return header;
    }

    /// <summary>The lines of <c>--</c> before the first statement; a block comment, such as a licence, may stand between them.</summary>
    private static IEnumerable<(int Number, string Line)> LeadingLineComments(string sql, SqlDialect dialect)
    {
        var lexer = new SqlLexer(sql, dialect);
        var (number, counted) = (1, 0);
        while (lexer.Read() is { Kind: SqlTokenKind.LineComment or SqlTokenKind.BlockComment, IsClosed: true } comment)
        {
            number += sql.AsSpan(counted, comment.Start - counted).Count('\n');
            counted = comment.Start;
            if (sql[comment.Start] == '-')
            {
                yield return (number, lexer.TextOf(comment).Trim().ToString());
            }
        }
    }

    private static ScriptHeader Apply(ScriptHeader header, string name, string value, Action<string> problem)
    {
        switch (name)
        {
            case "depends" when value.Length > 0:
                return header with { Depends = [.. header.Depends, .. List(value)] };
            case "no-transaction" when value.Length == 0:
                return header with { NoTransaction = true };
            case "engines" when value.Length > 0:
                var engines = List(value).Select(engine => (Name: engine, Engine: EngineNames.Parse(engine))).ToList();
                foreach (var unknown in engines.Where(engine => engine.Engine is null))
                {
                    problem($"'-- engines: {unknown.Name}': an engine is one of {EngineNames.Listed}.");
                }

                return header with { Engines = [.. engines.Select(engine => engine.Engine).OfType<string>()] };
            case "lock-timeout" when Duration(value) is { } timeout:
                return header with { LockTimeout = timeout };
            case "statement-timeout" when Duration(value) is { } timeout:
                return header with { StatementTimeout = timeout };
            case "irreversible" when value.Length > 0:
                return header with { Irreversible = value };
            case "imported" when value.Split(' ', 2, StringSplitOptions.TrimEntries) is [var tool, { Length: > 0 } file] && MigrationImport.Tools.Contains(tool, StringComparer.Ordinal):
                return header with { Imported = new ImportOrigin(tool, file) };
            case "lint-ignore" when value.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var rule, _]:
                return header with { LintIgnored = [.. header.LintIgnored, rule] };
            default:
                problem(name switch
                {
                    "depends" => "'-- depends:' needs the name of a migration, such as: -- depends: 20260901120000_add_orders",
                    "no-transaction" => "'-- no-transaction' takes no value.",
                    "engines" => $"'-- engines:' needs a list of {EngineNames.Listed}.",
                    "irreversible" => "'-- irreversible:' needs a reason, for those who will want to go back.",
                    "imported" => $"'-- imported:' needs a tool ({string.Join(", ", MigrationImport.Tools)}) and its file, as 'import' writes it.",
                    "lint-ignore" => "'-- lint-ignore:' needs a rule and a reason, such as: -- lint-ignore: drop-column nobody reads it since May",
                    _ => $"'-- {name}: {value}' needs a duration, such as 500ms, 5s, 2min or 1h.",
                });
                return header;
        }
    }

    private static string[] List(string value) =>
        value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A number and its unit; no unit would leave the reader guessing.</summary>
    private static TimeSpan? Duration(string value)
    {
        if (DurationForm().Match(value) is not { Success: true } match
            || !double.TryParse(match.Groups["number"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        // More than a day is refused below; far more would not even fit.
        number = Math.Min(number, TimeSpan.FromDays(2).TotalMilliseconds);
        var duration = match.Groups["unit"].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "min" or "m" => TimeSpan.FromMinutes(number),
            _ => TimeSpan.FromHours(number),
        };
        return duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(1) ? duration : null;
    }

    /// <summary>A directive that someone misspelt would be a comment without effect, which nobody would notice.</summary>
    private static string? Nearest(string name) =>
        Names.FirstOrDefault(known => Distance(name, known.Split(':')[0]) is > 0 and <= 2);

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = row[j];
                row[j] = cost;
            }
        }

        return row[b.Length];
    }

    [GeneratedRegex(@"^(?<name>[a-z][a-z_]*(?:-[a-z]+)*)(?::(?<value>.*)|$)", RegexOptions.IgnoreCase)]
    private static partial Regex Directive();

    [GeneratedRegex(@"^(?<number>\d+(?:\.\d+)?)\s*(?<unit>ms|s|min|m|h)$")]
    private static partial Regex DurationForm();
}
