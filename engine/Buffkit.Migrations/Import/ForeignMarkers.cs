using System.Text.RegularExpressions;

namespace Buffkit.Migrations;

/// <summary>Finds what other migration tools write into comments.</summary>
/// <remarks>
/// To a server these lines are nothing, so the part below "Down", which takes the table away again, would run together with the
/// part above it. Only a comment that begins a line counts: the same text in a string or in a routine's body is data.
/// </remarks>
internal static partial class ForeignMarkers
{
    /// <summary>The groups of <see cref="Marker"/>: the tool, and the name that <c>import --from</c> knows it by.</summary>
    private static readonly (string Group, string Tool, string? From)[] Tools =
    [
        ("goose", "goose", "goose"),
        ("dbmate", "dbmate", "dbmate"),
        ("sqlmigrate", "sql-migrate", "sql-migrate"),
        ("evolve", "Evolve", "evolve"),
        ("liquibase", "Liquibase", null),
        ("atlas", "Atlas", null),
        ("tern", "tern", null),
        ("play", "Play's evolutions", null),
        ("undo", "MyBatis Migrations or dbdeploy", null),
        ("other", "another migration tool", null),
    ];

    /// <summary>Whether a comment that begins a line is to be noted: <see cref="Find"/> decides.</summary>
    public static bool IsMark(string line) => Marker().IsMatch(line);

    /// <summary>The first marker of another tool, as what is wrong with the file.</summary>
    /// <param name="path">The file, as problems name it.</param>
    /// <param name="scan">What stands in it.</param>
    /// <param name="direction">A heading such as "Down" is one of ours in a file that leads down.</param>
    public static ScriptProblem? Find(string path, ScriptScan scan, Direction direction)
    {
        foreach (var mark in scan.Marks)
        {
            var match = Marker().Match(mark.Text);
            if (!match.Groups["heading"].Success || (direction != Direction.Down && Divides(mark, scan)))
            {
                return ScriptProblem.Error(ProblemKind.Parse, path, Message(match), line: mark.Line);
            }
        }

        return null;
    }

    /// <summary>The same for a file whose name is none of ours.</summary>
    public static ScriptProblem? FindInFile(string file, string path, SqlDialect dialect) =>
        ScriptText.Read(file, path, []) is { } text ? Find(path, text.Scan(dialect), Direction.Down) : null;

    /// <summary>"Down" as a heading, as node-pg-migrate and many scripts of one's own have it, counts between statements only.</summary>
    private static bool Divides(CommentMark mark, ScriptScan scan) =>
        mark.InStatement || (mark.StatementsBefore > 0 && (scan.Error is not null || scan.Statements.Count > mark.StatementsBefore));

    private static string Message(Match match)
    {
        var line = match.Groups["line"].Value.TrimEnd();
        if (match.Groups["heading"].Success)
        {
            return $"'{line}' begins a part that undoes, and to the server it is a comment: this part would run as well. Move the part into the .down.sql file of the same name, or reword the comment.";
        }

        var (_, tool, from) = Tools.First(candidate => match.Groups[candidate.Group].Success);
        return $"'{line}' is a marker of {tool}, and to the server it is a comment: parts that undo would run as well. "
            + (from is null
                ? "Put what undoes into the .down.sql file of the same name, say the rest with directives of ours, and remove the markers."
                : $"Convert the folder that the file comes from with 'import FOLDER --from {from}', or put what undoes into the .down.sql file of the same name and remove the markers.");
    }

    [GeneratedRegex(
        """
        ^[ \t]*(?<line>(?:
            (?<goose>--[ \t]*\+goose\b)
          | (?<sqlmigrate>--[ \t]*\+migrate\b)
          | (?<dbmate>--[ \t]*migrate:(?:up|down)\b)
          | (?<evolve>--[ \t]*evolve-(?:tx-off|repeat-always|repeatable-deps)\b)
          | (?<liquibase>--[ \t]*liquibase[ \t]+formatted[ \t]+sql\b | --[ \t]*changeset[ \t]+\S+:\S | --rollback[ \t]+\S)
          | (?<atlas>--[ \t]*atlas:(?:txmode|delimiter|txtar|checkpoint|import)\b)
          | (?<tern>--+[ \t]*create[ ]above[ ]/[ ]drop[ ]below\b)
          | (?<play>(?:\#|--)[ \t-]*!(?:ups|downs)\b)
          | (?<undo>--[ \t]*//[ \t]*@undo\b)
          | (?<other>--[ \t]*(?:\+\w+|rambler)[ \t]+(?:up|down)\b)
          | (?<heading>(?:\#|--)[ \t\#=*>@!:\[(-]*(?:down|undo|rollback|revert|migrate[ _-]?down)(?:[ _-](?:migration|script|part|section|sql))?[ \t\#=*<!:\])-]*(?=\r?$))
        )[^\r\n]*)
        """,
        RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Marker();
}
