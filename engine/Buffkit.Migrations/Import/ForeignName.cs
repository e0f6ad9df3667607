using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>What the name of another tool's file says.</summary>
/// <param name="Parts">The numbers of its version; none for a repeatable one.</param>
/// <param name="Title">The rest.</param>
/// <param name="Down">Whether the file undoes.</param>
internal sealed partial record ForeignName(IReadOnlyList<string> Parts, string Title, bool Down)
{
    public bool Repeatable => Parts.Count == 0;

    /// <summary>Reads a name; <see langword="null"/> where the tool has no such name.</summary>
    public static ForeignName? Parse(string tool, string file)
    {
        var form = tool switch
        {
            "flyway" => Flyway(),
            "evolve" => Evolve(),
            "golang-migrate" => GolangMigrate(),
            "dbup" => DbUp(),
            "goose" => Goose(),
            _ => Numbered(),
        };
        if (form.Match(file) is not { Success: true } match)
        {
            return null;
        }

        var parts = match.Groups["version"].Value.Split(['.', '_'], StringSplitOptions.RemoveEmptyEntries);
        var title = Unfit().Replace(match.Groups["title"].Value, "_").Trim('_', '-');
        return new ForeignName(parts, title.Length > 0 ? title : "migration", match.Groups["down"].Success);
    }

    private const RegexOptions Options = RegexOptions.CultureInvariant;

    [GeneratedRegex(@"^(?:V(?<version>[0-9]+(?:[._][0-9]+)*)|(?<down>U)(?<version>[0-9]+(?:[._][0-9]+)*)|R)__(?<title>.+)\.sql$", Options)]
    private static partial Regex Flyway();

    [GeneratedRegex(@"^(?:V(?<version>[0-9]+(?:[._][0-9]+)*)|R)__(?<title>.+)\.sql$", Options)]
    private static partial Regex Evolve();

    [GeneratedRegex(@"^(?<version>[0-9]+)_(?<title>.*)\.(?:up|(?<down>down))\.sql$", Options)]
    private static partial Regex GolangMigrate();

    [GeneratedRegex(@"^[^0-9]*(?<version>[0-9]+)(?<title>.*)\.sql$", Options)]
    private static partial Regex DbUp();

    [GeneratedRegex(@"^(?<version>[0-9]+)_(?<title>.*)\.sql$", Options)]
    private static partial Regex Goose();

    [GeneratedRegex(@"^(?<version>[0-9]+)(?<title>.*)\.sql$", Options)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"[^A-Za-z0-9_-]+")]
    private static partial Regex Unfit();
}
