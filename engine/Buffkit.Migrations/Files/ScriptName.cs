using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>What a file's name says.</summary>
/// <param name="Name">The migration's name, the same for all its files: <c>20260901120000_add_orders</c>.</param>
/// <param name="Kind">Which kind of script.</param>
/// <param name="Version">The number; zero unless versioned.</param>
/// <param name="Engine">The engine that the file is for, or <see langword="null"/> for all.</param>
/// <param name="Direction">Up or down.</param>
internal sealed record ScriptName(
    string Name, ScriptKind Kind, ScriptVersion Version, string? Engine, Direction Direction)
{
    /// <summary>The journal's column; MySQL indexes no longer key of four-byte characters.</summary>
    public const int MaximumLength = 200;

    private static readonly Regex Versioned = Form(@"(?<version>\d+)_[\w-]+", @"\.(?<direction>up|down)");
    private static readonly Regex Repeatable = Form(@"R__[\w-]+", "");
    private static readonly Regex Seed = Form(@"[\w-]+", "");

    /// <summary>Reads a name, or says what is wrong with it.</summary>
    public static ScriptName? Parse(string fileName, ScriptKind kind, string prefix, out string problem)
    {
        var pattern = kind switch
        {
            ScriptKind.Versioned => Versioned,
            ScriptKind.Repeatable => Repeatable,
            _ => Seed,
        };
        if (pattern.Match(fileName) is not { Success: true } match)
        {
            var dot = fileName.IndexOf('.', StringComparison.Ordinal);
            if (dot > 0 && fileName[..dot] + fileName[dot..].ToLowerInvariant() is var lower && lower != fileName && pattern.IsMatch(lower))
            {
                problem = $"What stands behind the name is written in lower case. Rename the file to {lower}.";
                return null;
            }

            problem = kind switch
            {
                ScriptKind.Versioned =>
                    $"The name is not of the form <number>_<name>{EngineNames.InFileNames}.up.sql or .down.sql, such as 20260901120000_add_orders.up.sql. Rename the file.",
                ScriptKind.Repeatable =>
                    $"The name is not of the form R__<name>{EngineNames.InFileNames}.sql, such as R__order_totals.sql. Rename the file.",
                _ => $"The name is not of the form <name>{EngineNames.InFileNames}.sql. Rename the file.",
            };
            return null;
        }

        var name = prefix + match.Groups["name"].Value;
        if (name.Length > MaximumLength)
        {
            problem = $"The name is longer than {MaximumLength} characters. Shorten it.";
            return null;
        }

        problem = "";
        return new ScriptName(
            name,
            kind,
            new ScriptVersion(match.Groups["version"].Value),
            match.Groups["engine"] is { Success: true } engine ? EngineNames.Parse(engine.Value) : null,
            match.Groups["direction"].Value == "down" ? Direction.Down : Direction.Up);
    }

    private static Regex Form(string name, string end) =>
        new($@"^(?<name>{name}){EngineNames.Pattern}{end}\.sql$", RegexOptions.CultureInvariant);
}
